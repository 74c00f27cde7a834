using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// The message that a run is writing, collected from its pieces. It goes to the run's work row with pages that are written
/// anyway, and no more often than people can see.
/// </summary>
internal sealed class PartialAnswer(string? earlier, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, StringBuilder> texts = [];

    /// <summary>Of an attempt that was lost or failed; dropped when this one begins to speak.</summary>
    private StateMessage? inherited = PartialMessage.Read(earlier);
    private bool isStored = earlier is not null;
    private bool mustClear = earlier is not null;
    private bool hasNews;
    private string? current;
    private long? storedAt;

    /// <summary>The step that writes it; null when nobody of this attempt does.</summary>
    public string? Node { get; private set; }

    /// <summary>The message as far as it is written; null when there is none.</summary>
    public StateMessage? Message =>
        current is not null ? PartialMessage.Write(current, texts[current].ToString()) : inherited;

    /// <summary>The agent of this attempt speaks.</summary>
    public void DropInherited() => inherited = null;

    /// <summary>A piece. Where several messages are written at once, the one that has grown last is shown.</summary>
    public void Add(AgentEvent.MessageDelta delta)
    {
        if (!texts.TryGetValue(delta.MessageId, out var text))
        {
            texts.Add(delta.MessageId, text = new StringBuilder());
        }

        text.Append(delta.Text);
        if (text.Length > 0)
        {
            (current, Node, hasNews) = (delta.MessageId, delta.Node, true);
        }
    }

    /// <summary>The step is complete, and its messages are part of the state.</summary>
    public void Clear()
    {
        texts.Clear();
        (current, inherited, Node, hasNews) = (null, null, null, false);
        mustClear = isStored;
    }

    /// <summary>What a page says of it: null for nothing, an empty text where what is stored is over.</summary>
    public string? Take()
    {
        if (current is not null && hasNews && (storedAt is not { } at || time.GetElapsedTime(at) >= Interval))
        {
            (hasNews, isStored, mustClear, storedAt) = (false, true, false, time.GetTimestamp());
            return Message!.Json;
        }

        if (!mustClear)
        {
            return null;
        }

        (isStored, mustClear) = (false, false);
        return "";
    }
}
