using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>Where a claimed run starts from.</summary>
internal sealed record RunStart
{
    /// <summary>The step before the first, which is -1.</summary>
    public const int NoStep = -2;

    /// <summary>A thread without state, and a run that nobody has started yet.</summary>
    public static RunStart FirstOnThread { get; } = new();

    /// <summary>The checkpoint to go on from: the thread's head, or an older one; null when the thread has no state.</summary>
    public Guid? HeadId { get; init; }

    /// <summary>The thread's head, to which a rollback returns; null when it has no state.</summary>
    public Guid? ReplacedHead { get; init; }

    /// <summary>The highest checkpoint number of the thread.</summary>
    public int LastN { get; init; }

    /// <summary>The head's segment.</summary>
    public int Segment { get; init; }

    /// <summary>The head's state and the weight of its segment.</summary>
    public SegmentState State { get; init; } = SegmentState.None;

    /// <summary>Whether an earlier attempt has merged the input already.</summary>
    public bool InputMerged { get; init; }

    /// <summary>
    /// The step of the head. Steps go on from run to run: clients take the higher step for the newer one
    /// (wire-contract 7.4).
    /// </summary>
    public int LastStep { get; init; } = NoStep;

    /// <summary>How many state updates earlier attempts committed.</summary>
    public int CompletedSteps { get; init; }

    /// <summary>Whether the run goes on from an older checkpoint than the head.</summary>
    public bool IsBranch => HeadId != ReplacedHead;

    /// <summary>How the log of earlier attempts ends; null when there is none.</summary>
    public LogTail? Lost { get; init; }

    /// <summary>Where the run that this one resumes has stopped; null when it resumes none.</summary>
    public RunPause? Pause { get; init; }

    /// <summary>Whether the run was to go on with work that is done already.</summary>
    public bool HasNothingToDo { get; init; }

    /// <summary>Whether the checkpoint that the run was to start from is not there any more.</summary>
    public bool IsCheckpointMissing { get; init; }

    /// <summary>The number of the run's latest update.</summary>
    public int Updates { get; init; }

    /// <summary>The number of the last one that earlier attempts have taken; they take them in their order.</summary>
    public int TakenUpdates { get; init; }

    /// <summary>The requests of superseded runs, and updates that earlier runs have not taken, whose inputs come before this run's own, oldest first.</summary>
    public IReadOnlyList<string> CarriedRequests { get; init; } = [];
}

/// <summary>Reads what an executor needs beyond the claim.</summary>
internal sealed class RunLoader(ProtocolDatabase database)
{
    private const string HeadSql =
        """
        select h.head, h.head_n, h.last_n, h.segment, h.unmerged,
               (select c.step from checkpoints c where c.thread_id = h.thread_id and c.n = h.head_n),
               w.updates, h.untaken
        from thread_heads h join run_work w on w.run_id = h.active_run where h.thread_id = $1 and h.active_run = $2
        """;

    private const string EarlierAttemptsSql =
        """
        select count(*) filter (where source = 'input'), count(*) filter (where node is not null),
               (select parent_id from checkpoints where thread_id = $1 and run_id = $2 and source = 'input')
        from checkpoints where thread_id = $1 and run_id = $2
        """;

    /// <summary>What stands at a checkpoint: a pause, or the end of a run that succeeded.</summary>
    private const string BaseSql =
        """
        select c.segment, c.n, c.step, p.node, p.interrupts,
               coalesce(r.status = 'success', false) and not exists (
                   select from checkpoints d where d.thread_id = c.thread_id and d.run_id = c.run_id and d.n > c.n)
        from checkpoints c left join pauses p on p.thread_id = c.thread_id and p.checkpoint_id = c.id left join runs r on r.run_id = c.run_id
        where c.thread_id = $1 and c.id = $2
        """;

    private const string CarriedSql =
        """
        select request from (
            select run_no, 0 as n, request from runs where thread_id = $1 and unmerged and run_no < $2
            union all
            select run_no, n, request from run_updates where thread_id = $1 and delivered_at is null and run_no < $2) carried
        order by run_no, n
        """;

    /// <summary>Reads the start of a run; null when the run does not hold its thread's slot any more.</summary>
    public async Task<RunStart?> LoadAsync(ClaimedRun run, RunRequest request, CancellationToken cancellationToken)
    {
        if (run.IsFirstOnThread)
        {
            return RunStart.FirstOnThread;
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (await ReadHeadAsync(connection, run, cancellationToken) is not var (start, headN, unmerged))
        {
            return null;
        }

        start = start with { State = await CheckpointReader.ReadSegmentAsync(connection, run.ThreadId, start.Segment, headN, cancellationToken) };
        var goesOnFrom = start.HeadId;
        if (run.Fence > 1)
        {
            (start, var parent) = await WithEarlierAttemptsAsync(connection, run, start, cancellationToken);
            goesOnFrom = start.InputMerged ? parent : goesOnFrom;
        }

        var wanted = request.CheckpointId;
        if (wanted is not null || request.IsContinuation)
        {
            start = await WithBaseAsync(connection, run, request, start, start.InputMerged ? goesOnFrom : wanted ?? goesOnFrom, cancellationToken);
        }

        return unmerged > 0 && !start.InputMerged ? await WithCarriedAsync(connection, run, start, cancellationToken) : start;
    }

    private static async Task<(RunStart Start, int HeadN, int Unmerged)?> ReadHeadAsync(
        NpgsqlConnection connection, ClaimedRun run, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(HeadSql, connection).With(run.ThreadId).With(run.RunId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var head = reader.GetNullable<Guid>(0);
        RunStart start = new()
        {
            HeadId = head,
            ReplacedHead = head,
            LastN = reader.GetInt32(2),
            Segment = reader.GetInt32(3),
            LastStep = reader.GetNullable<int>(5) ?? RunStart.NoStep,
            Updates = reader.GetInt32(6),
            TakenUpdates = reader.GetInt32(6) - reader.GetInt32(7),
        };
        return (start, reader.GetInt32(1), reader.GetInt32(4));
    }

    private static async Task<(RunStart Start, Guid? Parent)> WithEarlierAttemptsAsync(
        NpgsqlConnection connection, ClaimedRun run, RunStart start, CancellationToken cancellationToken)
    {
        Guid? parent;
        await using (var command = new NpgsqlCommand(EarlierAttemptsSql, connection).With(run.ThreadId).With(run.RunId))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            start = start with { InputMerged = reader.GetInt64(0) > 0, CompletedSteps = (int)reader.GetInt64(1) };
            parent = reader.GetNullable<Guid>(2);
        }

        return run.NextEvent == 0 ? (start, parent)
            : (start with { Lost = await EventReader.ReadTailAsync(connection, run.RunId, cancellationToken) }, parent);
    }

    /// <summary>What the run finds where it goes on. On an older checkpoint the next one begins a new segment.</summary>
    private static async Task<RunStart> WithBaseAsync(
        NpgsqlConnection connection, ClaimedRun run, RunRequest request, RunStart start, Guid? checkpointId, CancellationToken cancellationToken)
    {
        if (checkpointId is not { } id)
        {
            return start;
        }

        int segment, n;
        await using (var command = new NpgsqlCommand(BaseSql, connection).With(run.ThreadId).With(id))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return start with { IsCheckpointMissing = request.CheckpointId is not null && !start.InputMerged };
            }

            (segment, n) = (reader.GetInt32(0), reader.GetInt32(1));
            if (request.IsContinuation)
            {
                start = start with
                {
                    Pause = reader.IsDBNull(3) ? null : new RunPause(reader.GetString(3), InterruptText.Read(reader.GetString(4))),
                    HasNothingToDo = reader.IsDBNull(3) && reader.GetBoolean(5),
                };
            }

            if (start.InputMerged || id == start.HeadId)
            {
                return start;
            }

            start = start with { HeadId = id, LastStep = reader.GetInt32(2) };
        }

        var state = await CheckpointReader.ReadSegmentAsync(connection, run.ThreadId, segment, n, cancellationToken);
        return start with { State = SegmentState.Branch(state.State) };
    }

    /// <summary>
    /// Inputs of superseded runs come first, with two exceptions in which they wait until the run has ended: they are no
    /// part of the branch that somebody goes back to, and they must not stand between a question and its answer.
    /// </summary>
    private static async Task<RunStart> WithCarriedAsync(
        NpgsqlConnection connection, ClaimedRun run, RunStart start, CancellationToken cancellationToken) =>
        start.IsBranch || start.Pause is not null
            ? start
            : start with { CarriedRequests = await ReadCarriedAsync(connection, run, cancellationToken), HasNothingToDo = false };

    private static async Task<IReadOnlyList<string>> ReadCarriedAsync(
        NpgsqlConnection connection, ClaimedRun run, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CarriedSql, connection).With(run.ThreadId).With(run.RunNo);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> requests = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            requests.Add(reader.GetString(0));
        }

        return requests;
    }
}
