using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Streams messages while they are written: as pieces on <c>messages-tuple</c>, as the message so far on the older
/// <c>messages</c> (wire-contract 6.3).
/// </summary>
internal sealed class MessageFrames(ClaimedRun run, StreamModes modes)
{
    private readonly Dictionary<string, StringBuilder> open = [];

    public void AddDelta(AgentEvent.MessageDelta delta, int step, Action<string, string> addFrame)
    {
        var isNew = !open.TryGetValue(delta.MessageId, out var soFar);
        if (isNew)
        {
            open.Add(delta.MessageId, soFar = new StringBuilder());
        }

        soFar!.Append(delta.Text);
        if (modes.HasFlag(StreamModes.MessagesTuple))
        {
            addFrame("messages", $"[{Chunk(delta.MessageId, delta.Text, "AIMessageChunk")},{Metadata(delta.Node, step)}]");
        }

        if (modes.HasFlag(StreamModes.Messages))
        {
            if (isNew)
            {
                addFrame("messages/metadata", $"{{{JsonText.Quote(delta.MessageId)}:{{\"metadata\":{Metadata(delta.Node, step)}}}}}");
            }

            addFrame("messages/partial", $"[{Chunk(delta.MessageId, soFar.ToString(), "ai")}]");
        }
    }

    /// <summary>A step has finished its messages: those that nobody saw being written are shown whole.</summary>
    public void Complete(string node, int step, StateValues before, StateValues after, Action<string, string> addFrame)
    {
        if ((modes & (StreamModes.Messages | StreamModes.MessagesTuple)) == 0)
        {
            return;
        }

        foreach (var message in UpdateText.ChangedMessages(before, after))
        {
            var wasStreamed = open.Remove(message.Id);
            if (modes.HasFlag(StreamModes.MessagesTuple) && !wasStreamed)
            {
                addFrame("messages", $"[{message.Json},{Metadata(node, step)}]");
            }

            if (modes.HasFlag(StreamModes.Messages))
            {
                if (!wasStreamed)
                {
                    addFrame("messages/metadata", $"{{{JsonText.Quote(message.Id)}:{{\"metadata\":{Metadata(node, step)}}}}}");
                }

                addFrame("messages/complete", $"[{message.Json}]");
            }
        }
    }

    private static string Chunk(string id, string text, string type) =>
        $$"""{"type":"{{type}}","id":{{JsonText.Quote(id)}},"role":"assistant","content":{{JsonText.Quote(text)}},"additional_kwargs":{},"response_metadata":{},"tool_calls":[],"invalid_tool_calls":[]}""";

    private string Metadata(string node, int step) =>
        $$"""{"langgraph_node":{{JsonText.Quote(node)}},"langgraph_step":{{step}},"run_id":"{{run.RunId}}","thread_id":"{{run.ThreadId}}","graph_id":{{JsonText.Quote(run.Order!.Agent)}},"assistant_id":"{{run.Order.AssistantId}}","tags":[]}""";
}
