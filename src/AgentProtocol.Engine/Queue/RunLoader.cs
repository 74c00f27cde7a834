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

    /// <summary>The thread's head; null when it has no state.</summary>
    public Guid? HeadId { get; init; }

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

    /// <summary>The requests of superseded runs whose inputs come before this run's own, oldest first.</summary>
    public IReadOnlyList<string> CarriedRequests { get; init; } = [];
}

/// <summary>Reads what an executor needs beyond the claim.</summary>
internal sealed class RunLoader(ProtocolDatabase database)
{
    private const string HeadSql =
        """
        select h.head, h.head_n, h.last_n, h.segment, h.unmerged,
               (select c.step from checkpoints c where c.thread_id = h.thread_id and c.n = h.head_n)
        from thread_heads h where h.thread_id = $1 and h.active_run = $2
        """;

    private const string EarlierAttemptsSql =
        """
        select count(*) filter (where source = 'input'), count(*) filter (where node is not null)
        from checkpoints where thread_id = $1 and run_id = $2
        """;

    private const string CarriedSql =
        "select request from runs where thread_id = $1 and unmerged and run_no < $2 order by run_no";

    /// <summary>Reads the start of a run; null when the run does not hold its thread's slot any more.</summary>
    public async Task<RunStart?> LoadAsync(ClaimedRun run, CancellationToken cancellationToken)
    {
        if (run.IsFirstOnThread)
        {
            return RunStart.FirstOnThread;
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        RunStart start;
        int headN, unmerged;
        await using (var command = new NpgsqlCommand(HeadSql, connection).With(run.ThreadId).With(run.RunId))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return null;
            }

            start = new RunStart
            {
                HeadId = reader.GetNullable<Guid>(0),
                LastN = reader.GetInt32(2),
                Segment = reader.GetInt32(3),
                LastStep = reader.GetNullable<int>(5) ?? RunStart.NoStep,
            };
            (headN, unmerged) = (reader.GetInt32(1), reader.GetInt32(4));
        }

        start = start with { State = await CheckpointReader.ReadSegmentAsync(connection, run.ThreadId, start.Segment, headN, cancellationToken) };
        if (run.Fence > 1)
        {
            start = await WithEarlierAttemptsAsync(connection, run, start, cancellationToken);
        }

        return unmerged == 0 || start.InputMerged
            ? start
            : start with { CarriedRequests = await ReadCarriedAsync(connection, run, cancellationToken) };
    }

    private static async Task<RunStart> WithEarlierAttemptsAsync(
        NpgsqlConnection connection, ClaimedRun run, RunStart start, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(EarlierAttemptsSql, connection).With(run.ThreadId).With(run.RunId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return start with
        {
            InputMerged = reader.GetInt64(0) > 0,
            CompletedSteps = (int)reader.GetInt64(1),
        };
    }

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
