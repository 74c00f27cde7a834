using System.Globalization;
using System.Text;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Events;

/// <summary>
/// One entry of a run's log, a line of its page. There are two projections of what happens in a run, and an entry belongs
/// to one of them: an event of the run's stream modes, with a number of its own, or an event of the streaming protocol.
/// </summary>
/// <param name="Position">Its place in the log, from 0 without gaps; counts both projections.</param>
/// <param name="Number">Its number among the events of the stream modes, which is the SSE id; null for a protocol event.</param>
/// <param name="Name">The SSE event name, or the protocol's method.</param>
/// <param name="Data">Its data on one line; for a frame that shows state, a <see cref="StateData"/>.</param>
internal readonly record struct Frame(long Position, long? Number, string Name, string Data)
{
    private const char ProtocolMark = '+';

    /// <summary>The state it shows, where it is at hand; read from the checkpoint otherwise.</summary>
    public StateValues? State { get; init; }

    /// <summary>Where and when a protocol event happened.</summary>
    public FrameOrigin Origin { get; init; }

    /// <summary>Whether it is an event of the streaming protocol.</summary>
    public bool IsProtocol => Number is null;

    /// <summary>The checkpoint whose state is part of the data, if the frame shows state.</summary>
    public Guid? Checkpoint => StateData.CheckpointOf(Data);

    /// <summary>Whether there is something to show: the state of a frame is gone with its checkpoint.</summary>
    public bool IsShown => State is not null || !StateData.IsState(Data);

    /// <summary>The data as readers get it.</summary>
    public string Render() => State is null ? Data
        : StateData.Render(Data, IsProtocol ? State.ToProtocolJson() : State.ToJson());

    /// <summary>The last event of a run that failed (wire-contract 6.2).</summary>
    public static Frame OfFailure(long position, long number, RunOutcome outcome) => new(
        position, number, "error",
        $$"""{"error":{{JsonText.Quote(outcome.ErrorType ?? "")}},"message":{{JsonText.Quote(outcome.Message ?? "")}}}""");

    /// <summary>The text of a page.</summary>
    public static string Write(IReadOnlyList<Frame> frames)
    {
        var text = new StringBuilder();
        foreach (var frame in frames)
        {
            text.Append(text.Length == 0 ? "" : "\n");
            if (frame.Number is { } number)
            {
                text.Append(number.ToString(CultureInfo.InvariantCulture)).Append('\t').Append(frame.Name);
            }
            else
            {
                text.Append(ProtocolMark).Append('\t').Append(frame.Name).Append('\t').Append(frame.Origin.Write());
            }

            text.Append('\t').Append(frame.Data);
        }

        return text.ToString();
    }

    /// <summary>The frames of a page.</summary>
    /// <param name="first">The position of the first.</param>
    /// <param name="page">The text.</param>
    public static IEnumerable<Frame> Read(long first, string page)
    {
        foreach (var line in page.Split('\n'))
        {
            yield return ReadLine(first++, line);
        }
    }

    private static Frame ReadLine(long position, string line)
    {
        var fields = line.StartsWith(ProtocolMark) ? line.Split('\t', 6) : line.Split('\t', 3);
        return fields.Length == 6
            ? new Frame(position, null, fields[1], fields[5]) { Origin = FrameOrigin.Read(fields[2], fields[3], fields[4]) }
            : new Frame(position, long.Parse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture), fields[1], fields[2]);
    }
}

/// <summary>Where and when a protocol event happened.</summary>
/// <param name="Timestamp">When, in Unix milliseconds.</param>
/// <param name="Node">The step, if it belongs to one.</param>
internal readonly record struct FrameOrigin(long Timestamp, string? Node = null)
{
    private readonly IReadOnlyList<string>? path = null;

    /// <summary>Where in the tree of agents; empty at the root.</summary>
    public IReadOnlyList<string> Namespace { get => path ?? []; init => path = value; }

    /// <summary>Three fields of a line: time, node and namespace, as JSON where they are text.</summary>
    public string Write() => string.Create(CultureInfo.InvariantCulture, $"{Timestamp}\t{(Node is null ? "" : JsonText.Quote(Node))}\t{WritePath()}");

    public static FrameOrigin Read(string timestamp, string node, string path) => new(
        long.Parse(timestamp, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), node.Length == 0 ? null : JsonText.Parse(node).GetString())
    {
        Namespace = path.Length == 0 ? [] : [.. JsonText.Parse(path).EnumerateArray().Select(segment => segment.GetString()!)],
    };

    private string WritePath() => Namespace.Count == 0 ? "" : $"[{string.Join(',', Namespace.Select(JsonText.Quote))}]";
}
