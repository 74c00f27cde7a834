using System.Globalization;
using System.Text;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Events;

/// <summary>One event of a run as it is stored: a line of <c>number TAB name TAB data</c>.</summary>
/// <param name="Number">Its number in the run.</param>
/// <param name="Name">The SSE event name.</param>
/// <param name="Data">Its data on one line; for a frame that shows state, <c>@</c> and the checkpoint's id.</param>
/// <param name="State">The state it shows, where it is at hand; read from the checkpoint otherwise.</param>
internal readonly record struct Frame(long Number, string Name, string Data, StateValues? State = null)
{
    private const char CheckpointMark = '@';

    /// <summary>The checkpoint whose state is the data, if the frame shows state.</summary>
    public Guid? Checkpoint => Data[0] == CheckpointMark ? Guid.ParseExact(Data.AsSpan(1), "D") : null;

    public static string CheckpointData(Guid checkpointId) => CheckpointMark + checkpointId.ToString("D");

    /// <summary>The last event of a run that failed (wire-contract 6.2).</summary>
    public static Frame OfFailure(long number, RunOutcome outcome) => new(
        number, "error", $$"""{"error":{{JsonText.Quote(outcome.ErrorType ?? "")}},"message":{{JsonText.Quote(outcome.Message ?? "")}}}""");

    /// <summary>The text of a page.</summary>
    public static string Write(IReadOnlyList<Frame> frames)
    {
        var text = new StringBuilder();
        foreach (var frame in frames)
        {
            text.Append(text.Length == 0 ? "" : "\n")
                .Append(frame.Number.ToString(CultureInfo.InvariantCulture)).Append('\t')
                .Append(frame.Name).Append('\t').Append(frame.Data);
        }

        return text.ToString();
    }

    /// <summary>The frames of a page.</summary>
    public static IEnumerable<Frame> Read(string page)
    {
        foreach (var line in page.Split('\n'))
        {
            var name = line.IndexOf('\t', StringComparison.Ordinal) + 1;
            var data = line.IndexOf('\t', name) + 1;
            yield return new Frame(
                long.Parse(line.AsSpan(0, name - 1), NumberStyles.None, CultureInfo.InvariantCulture),
                line[name..(data - 1)],
                line[data..]);
        }
    }
}
