using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>
/// Messages as the protocol streams them: a start, then each content block from its start to its finish, then a finish.
/// Events do not name their message, so messages never interleave: one that is written at the same time as another is
/// shown whole when it is complete.
/// </summary>
internal sealed class ProtocolMessages(FrameBuffer frames)
{
    private string? open;

    public void AddDelta(AgentEvent.MessageDelta delta)
    {
        if (open is null)
        {
            open = delta.MessageId;
            Start(delta.Node, "ai", delta.MessageId);
            Add(delta.Node, """{"event":"content-block-start","index":0,"content":{"type":"text","text":""}}""");
        }

        if (open == delta.MessageId)
        {
            Add(delta.Node, $"{{\"event\":\"content-block-delta\",\"index\":0,\"delta\":{{\"type\":\"text-delta\",\"text\":{JsonText.Quote(delta.Text)}}}}}");
        }
    }

    public void Complete(string node, IReadOnlyList<StateMessage> changed)
    {
        // The one that is being written ends before others are shown.
        foreach (var message in changed.OrderByDescending(message => message.Id == open))
        {
            var content = JsonText.Parse(message.Json);
            if (content.GetProperty("type").GetString() is "ai" or "human" or "system")
            {
                Complete(node, message.Id, content);
            }
        }
    }

    /// <summary>The run ends while a message is being written.</summary>
    public void Abandon()
    {
        if (open is not null)
        {
            open = null;
            Add(null, """{"event":"error","message":"The run ended before the message was complete","code":"interrupted"}""");
        }
    }

    private void Complete(string node, string id, JsonElement message)
    {
        var wasStreamed = open == id;
        if (wasStreamed)
        {
            open = null;
        }
        else
        {
            Start(node, message.GetProperty("type").GetString()!, id);
        }

        var index = 0;
        foreach (var block in ContentBlocks.Of(message))
        {
            if (!wasStreamed || index > 0)
            {
                Add(node, $$"""{"event":"content-block-start","index":{{index}},"content":{{block.Start}}}""");
                if (block.Delta is { } delta)
                {
                    Add(node, $$"""{"event":"content-block-delta","index":{{index}},"delta":{{delta}}}""");
                }
            }

            Add(node, $$"""{"event":"content-block-finish","index":{{index}},"content":{{block.Finish}}}""");
            index++;
        }

        var usage = message.TryGetProperty("usage_metadata", out var tokens) && tokens.ValueKind == JsonValueKind.Object
            ? $",\"usage\":{JsonText.SingleLine(tokens.GetRawText())}" : "";
        Add(node, $$"""{"event":"message-finish"{{usage}}}""");
    }

    private void Start(string node, string role, string id) =>
        Add(node, $$"""{"event":"message-start","role":"{{role}}","id":{{JsonText.Quote(id)}}}""");

    private void Add(string? node, string data) => frames.AddProtocol("messages", data, node);
}
