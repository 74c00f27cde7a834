using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Events;

/// <summary>What the end of a run's log says: where numbers go on, and what a lost execution has left open.</summary>
/// <param name="nextNumber">The number that the next event of the run's stream modes gets.</param>
internal sealed class LogTail(long nextNumber)
{
    private readonly HashSet<string> closedTools = [];
    private bool isMessageDecided;

    public long NextNumber { get; } = nextNumber;

    /// <summary>Whether a message was begun and not finished since the last checkpoint.</summary>
    public bool HasOpenMessage { get; private set; }

    /// <summary>Tool calls that were begun and not finished since the last checkpoint.</summary>
    public List<string> OpenTools { get; } = [];

    /// <summary>Whether the root's last lifecycle event has been written.</summary>
    public bool IsTerminated { get; private set; }

    /// <summary>Takes the page before those it has. False when earlier ones do not matter.</summary>
    public bool Prepend(IReadOnlyList<Frame> page)
    {
        foreach (var frame in page.Reverse().Where(frame => frame.IsProtocol))
        {
            switch (frame.Name)
            {
                case "lifecycle":
                    IsTerminated |= ProtocolText.IsTerminal(frame);
                    break;

                case "messages" when !isMessageDecided:
                    isMessageDecided = true;
                    HasOpenMessage = !ProtocolText.ClosesMessage(frame.Data);
                    break;

                case "tools" when ToolCallOf(frame.Data) is var (id, isOpening):
                    if (!isOpening)
                    {
                        closedTools.Add(id);
                    }
                    else if (closedTools.Add(id))
                    {
                        OpenTools.Add(id);
                    }

                    break;

                case "checkpoints":
                    return false;
            }
        }

        return true;
    }

    /// <summary>The call that a <c>tools</c> event opens or closes; null for what happens in between.</summary>
    private static (string Id, bool IsOpening)? ToolCallOf(string data)
    {
        var tool = JsonText.Parse(data);
        return tool.GetProperty("event").GetString() switch
        {
            "tool-started" => (tool.GetProperty("tool_call_id").GetString()!, true),
            "tool-finished" or "tool-error" => (tool.GetProperty("tool_call_id").GetString()!, false),
            _ => null,
        };
    }
}
