using AgentProtocol.Engine.Events;

namespace AgentProtocol.Engine.Streams;

/// <summary>How far a reader of a thread is.</summary>
/// <param name="RunNo">The run it reads, or the first that may come next.</param>
/// <param name="Position">Its next position in that run's log.</param>
/// <param name="EditsFrom">Edits behind this run have not been passed.</param>
/// <param name="EditN">The last edit it has, by the number of its checkpoint.</param>
internal readonly record struct ThreadCursor(long RunNo, long Position, long EditsFrom, int EditN)
{
    /// <summary>Whether the reader began in the middle of the run, so that it may have seen the run's end before.</summary>
    public bool IsResumed { get; init; }

    public static ThreadCursor At(long runNo, long position, int editN) =>
        new(runNo, position, position > 0 ? runNo : runNo - 1, editN) { IsResumed = position > 0 };

    /// <summary>Behind a sequence number.</summary>
    public static ThreadCursor Behind(long seq)
    {
        var runNo = ThreadSeq.RunNoOf(seq);
        if (seq + 1 == ThreadSeq.FirstOf(runNo + 1))
        {
            // What a client gets with a new run (applied_through_seq): right before its first event.
            return At(runNo + 1, 0, 0).Enter(runNo + 1);
        }

        return ThreadSeq.PositionOf(seq) is { } position ? At(runNo, position + 1, 0) : At(runNo + 1, 0, ThreadSeq.CheckpointOf(seq));
    }

    /// <summary>Whether the reader has passed all that comes before a run.</summary>
    public bool IsIn(ThreadRun run) => RunNo == run.RunNo && EditsFrom == RunNo;

    /// <summary>At the first event of a run.</summary>
    public ThreadCursor Enter(long runNo) => this with { RunNo = runNo, Position = 0, EditsFrom = runNo, EditN = 0, IsResumed = false };

    /// <summary>Behind the run, where edits and the next run come.</summary>
    public ThreadCursor Leave() => this with { RunNo = RunNo + 1, Position = 0, IsResumed = false };
}
