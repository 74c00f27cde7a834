namespace AgentProtocol.Engine.Events;

/// <summary>
/// Sequence numbers of a thread's events: the number of the run, then the position in its log. Runs of a thread start in
/// the order of their numbers and one at a time, so these only grow, and nobody has to hand them out.
/// </summary>
internal static class ThreadSeq
{
    /// <summary>How many numbers a run has. Runs with millions of events fit, and so do millions of runs into what JavaScript counts exactly.</summary>
    public const long PerRun = 1_000_000_000;

    /// <summary>
    /// Behind all events of a run: the number that ends one which did not write its end itself, because it never started,
    /// was erased, or was ended by force. Then come edits of the state, by their checkpoints' numbers.
    /// </summary>
    private const long End = PerRun / 2;

    public static long FirstOf(long runNo) => runNo * PerRun;

    public static long Of(long runNo, long position) => FirstOf(runNo) + position;

    /// <summary>An edit of the state after a run, by the number of its checkpoint.</summary>
    public static long OfEdit(long afterRun, int checkpointN) => EndOf(afterRun) + checkpointN;

    public static long EndOf(long runNo) => FirstOf(runNo) + End;

    public static long RunNoOf(long seq) => seq / PerRun;

    /// <summary>The position in the run's log; null when the number is behind the log.</summary>
    public static long? PositionOf(long seq) => seq % PerRun < End ? seq % PerRun : null;

    /// <summary>The number of the checkpoint of an edit; 0 for the end of a run.</summary>
    public static int CheckpointOf(long seq) => (int)(seq % PerRun - End);
}
