using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>
/// Streams messages while they are written: as pieces on <c>messages-tuple</c>, as the message so far on the older
/// <c>messages</c> (wire-contract 6.3).
/// </summary>
internal sealed class MessageFrames(ClaimedRun run, StreamModes modes, FrameBuffer frames)
{
    private readonly RunText text = new(run);
    private readonly Dictionary<string, StringBuilder> open = [];

    public void AddDelta(AgentEvent.MessageDelta delta, int step)
    {
        if (!IsAsked)
        {
            return;
        }

        var isNew = !open.TryGetValue(delta.MessageId, out var soFar);
        if (isNew)
        {
            open.Add(delta.MessageId, soFar = new StringBuilder());
        }

        soFar!.Append(delta.Text);
        if (modes.HasFlag(StreamModes.MessagesTuple))
        {
            frames.AddMode("messages", $"[{Chunk(delta.MessageId, delta.Text, "AIMessageChunk")},{Metadata(delta.Node, step)}]");
        }

        if (modes.HasFlag(StreamModes.Messages))
        {
            if (isNew)
            {
                frames.AddMode("messages/metadata", $"{{{JsonText.Quote(delta.MessageId)}:{{\"metadata\":{Metadata(delta.Node, step)}}}}}");
            }

            frames.AddMode("messages/partial", $"[{Chunk(delta.MessageId, soFar.ToString(), "ai")}]");
        }
    }

    /// <summary>A step has finished its messages: those that nobody saw being written are shown whole.</summary>
    public void Complete(string node, int step, IReadOnlyList<StateMessage> changed)
    {
        if (!IsAsked)
        {
            return;
        }

        foreach (var message in changed)
        {
            var wasStreamed = open.Remove(message.Id);
            if (modes.HasFlag(StreamModes.MessagesTuple) && !wasStreamed)
            {
                frames.AddMode("messages", $"[{message.Json},{Metadata(node, step)}]");
            }

            if (modes.HasFlag(StreamModes.Messages))
            {
                if (!wasStreamed)
                {
                    frames.AddMode("messages/metadata", $"{{{JsonText.Quote(message.Id)}:{{\"metadata\":{Metadata(node, step)}}}}}");
                }

                frames.AddMode("messages/complete", $"[{message.Json}]");
            }
        }
    }

    /// <summary>A message that stays unfinished: who has seen its pieces has seen it all, and who follows it whole is told that nothing more comes.</summary>
    public void Keep(StateMessage message)
    {
        if (open.Remove(message.Id) && modes.HasFlag(StreamModes.Messages))
        {
            frames.AddMode("messages/complete", $"[{message.Json}]");
        }
    }

    /// <summary>A piece of a message of the agent.</summary>
    public static string Chunk(string id, string text, string type) =>
        $$"""{"type":"{{type}}","id":{{JsonText.Quote(id)}},"role":"assistant","content":{{JsonText.Quote(text)}},"additional_kwargs":{},"response_metadata":{},"tool_calls":[],"invalid_tool_calls":[]}""";

    private bool IsAsked => (modes & (StreamModes.Messages | StreamModes.MessagesTuple)) != 0;

    private string Metadata(string node, int step) => $"{{{text.StepMembers(node, step)}}}";
}
