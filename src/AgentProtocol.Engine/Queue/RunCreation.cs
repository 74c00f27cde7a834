using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>Stores new runs. On a free thread, concurrent callers share a statement; on a busy one each decides alone.</summary>
internal sealed partial class RunCreation
{
    /// <summary>More rows share the cost of a statement and its commit, and each caller waits for all of them.</summary>
    private const int MaxBatch = 40;

    /// <summary>With the pauses in between about five seconds.</summary>
    private const int MaxLookUps = 8;

    private readonly ProtocolDatabase database;
    private readonly NodeSlots slots;
    private readonly AgentRegistry agents;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly GroupCommit<Given, CreatedRunRow?> free;

    public RunCreation(ProtocolDatabase database, NodeSlots slots, AgentRegistry agents, IOptions<RunsOptions> options, TimeProvider time)
    {
        this.agents = agents;
        this.time = time;
        this.database = database;
        this.slots = slots;
        timeout = options.Value.Timeout;
        free = new(MaxBatch, CreateOnFreeThreadsAsync);
    }

    /// <summary>Stores a run and hands it to this node's executor where there is room.</summary>
    public async Task<RunCreationResult> CreateAsync(NewRunRow run, CancellationToken cancellationToken)
    {
        var node = run.Delay == TimeSpan.Zero && run is { IsShared: false, MustBeClaimed: false } ? slots.TryReserve() : null;
        var given = new Given(run, node, node is not null ? RunState.Running : run.Delay > TimeSpan.Zero ? RunState.Delayed : RunState.Ready);
        RunCreationResult? result = null;
        try
        {
            result = await StoreAsync(given, cancellationToken);
            if (result.Created is { State: RunState.Running } claimed)
            {
                slots.HandOver(ToClaim(run, node!.Value, claimed));
            }

            return result;
        }
        finally
        {
            if (node is { } reserved && result?.Created?.State != RunState.Running)
            {
                slots.Release(reserved);
            }
        }
    }

    private async Task<RunCreationResult> StoreAsync(Given given, CancellationToken cancellationToken)
    {
        try
        {
            // A repetition that finds the thread free may have been an update of the run before: that is seen under the lock.
            return given.Run is not { IsShared: true, Strategy: MultitaskStrategy.Steer } && await free.SubmitAsync(given) is { } created
                ? new RunCreationResult(created, RunRefusal.None, SettlementEffects.None)
                : await CreateOnBusyThreadAsync(given, cancellationToken);
        }
        catch (PostgresException exception) when (given.Run.IsShared && exception is
        { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "runs_pkey" or "run_work_pkey" })
        {
            // Another try was faster; what this one has superseded on the way was rolled back.
            return RunCreationResult.AlreadyStored;
        }
        catch (Exception exception) when (TransientFailure.Is(exception))
        {
            // The commit may have happened. A caller that is told of a failure tries again, and would have two runs.
            if (await LookUpAsync(given, cancellationToken) is { } stored)
            {
                return stored;
            }

            throw;
        }
    }

    /// <summary>The run as it was stored, or the update that it became; null when it was not. Asks for a while: the database may be coming back.</summary>
    private async Task<RunCreationResult?> LookUpAsync(Given given, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
                await using var command = new NpgsqlCommand(LookUpSql, connection).With(given.Run.RunId).With(given.Node, NpgsqlDbType.Uuid);
                await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
                {
                    if (await reader.ReadAsync(cancellationToken))
                    {
                        return new RunCreationResult(Read(reader), RunRefusal.None, SettlementEffects.None);
                    }
                }

                return given.Run.Strategy == MultitaskStrategy.Steer && await FindUpdateAsync(connection, given.Run, cancellationToken) is { } update
                    ? RunCreationResult.Steered(update)
                    : null;
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && failures < MaxLookUps)
            {
                await Task.Delay(TransientFailure.Pause(failures), time, cancellationToken);
            }
        }
    }

    private ClaimedRun ToClaim(NewRunRow run, Guid node, CreatedRunRow created) => new()
    {
        RunId = run.RunId,
        ThreadId = run.ThreadId,
        Owner = run.Owner,
        Node = node,
        RunNo = created.RunNo,
        Fence = 1,
        Attempt = 1,
        DeadlineAt = created.DeadlineAt,
        TimeLimit = run.TimeLimit ?? timeout,
        TimeLeft = created.DeadlineAt!.Value - created.CreatedAt,
        Order = new RunOrder(run.Agent, run.AssistantId, run.Request, run.Assistant, created.ThreadConfig),
        ParentRunId = run.Parent?.RunId,
        IsFirstOnThread = created is { LastN: 0, Unmerged: 0 },
    };

    private async Task<IReadOnlyList<CreatedRunRow?>> CreateOnFreeThreadsAsync(IReadOnlyList<Given> runs)
    {
        // A second run for the same thread in one statement would find the thread free: it takes the other way.
        var distinct = runs.DistinctBy(given => given.Run.ThreadId).ToList();
        await using var connection = await database.Source.OpenConnectionAsync();
        var created = await InsertAsync(connection, distinct, isKnownToLive: false, CancellationToken.None);
        // Of two callers with the same id in one statement only the first has created it.
        return [.. runs.Select(given => created.Remove(given.Run.RunId, out var row) ? row : null)];
    }

    private async Task<Dictionary<Guid, CreatedRunRow>> InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<Given> runs, bool isKnownToLive, CancellationToken cancellationToken)
    {
        // Two node ids meet in one statement only when this process was declared dead meanwhile and has joined anew.
        var node = runs.LastOrDefault(given => given.Node is not null)?.Node ?? Guid.Empty;
        await using var command = new NpgsqlCommand(CreateOnFreeThreadsSql, connection);
        command.With(node)
            .WithColumn(runs, NpgsqlDbType.Uuid, given => given.Run.RunId)
            .WithColumn(runs, NpgsqlDbType.Uuid, given => given.Run.ThreadId)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Owner)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Agent)
            .WithColumn(runs, NpgsqlDbType.Uuid, given => given.Run.AssistantId)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Request)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Metadata)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Filter)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Config)
            .WithColumn(runs, NpgsqlDbType.Text, given => ToText(given.Run.Strategy))
            .WithColumn(runs, NpgsqlDbType.Boolean, given => given.Run.Stateless)
            .WithColumn(runs, NpgsqlDbType.Smallint, given => (short)(given.Node is { } other && other != node ? RunState.Ready : given.State))
            .WithColumn(runs, NpgsqlDbType.Interval, given => given.Run.Delay)
            .WithColumn(runs, NpgsqlDbType.Uuid, given => given.Run.StreamNode)
            .With(timeout)
            .WithColumn(runs, NpgsqlDbType.Boolean, given => given.Run.AssumesUnedited)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.Assistant)
            .WithColumn(runs, NpgsqlDbType.Text, given => given.Run.AssistantMetadata)
            .WithColumn(runs, NpgsqlDbType.Boolean, given => given.Run.DeletesThread)
            .With(isKnownToLive)
            .WithColumn(runs, NpgsqlDbType.Interval, given => given.Run.TimeLimit)
            .WithColumn(runs, NpgsqlDbType.Interval, given => given.Run.QueueWait)
            .WithColumn(runs, NpgsqlDbType.Uuid, given => given.Run.Parent?.RunId);

        Dictionary<Guid, CreatedRunRow> created = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            created.Add(reader.GetGuid(0), Read(reader));
        }

        return created;
    }

    private static CreatedRunRow Read(NpgsqlDataReader reader) => new(
        (RunState)reader.GetInt16(1), reader.GetInt64(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetDateTime(5),
        reader.GetNullable<DateTime>(6), reader.GetString(7), reader.GetText(8));

    /// <summary>The multitask decision, on the locked head (design: lock order is head, then work).</summary>
    private async Task<RunCreationResult> CreateOnBusyThreadAsync(Given given, CancellationToken cancellationToken)
    {
        var run = given.Run;
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var head = await LockHeadAsync(connection, run, cancellationToken);
        if (!head.Exists)
        {
            return RunCreationResult.ThreadMissing;
        }

        if (head.AssistantEdited)
        {
            return RunCreationResult.AssistantEdited;
        }

        // The run that would be superseded may be this very one, stored by another try.
        if (run.IsShared && await IsStoredAsync(connection, run.RunId, cancellationToken))
        {
            return RunCreationResult.AlreadyStored;
        }

        if (run.Strategy == MultitaskStrategy.Steer && await SteerAsync(connection, run, head.ActiveRun, cancellationToken) is { } update)
        {
            await transaction.CommitAsync(CancellationToken.None);
            return RunCreationResult.Steered(update);
        }

        var effects = SettlementEffects.None;
        if (head.ActiveRun is not null && run.Strategy is MultitaskStrategy.Interrupt or MultitaskStrategy.Rollback or MultitaskStrategy.Steer)
        {
            IReadOnlyList<string> softly = [.. agents.All.Where(agent => agent.OnSteer == SteerPolicy.Steer).Select(agent => agent.Id)];
            effects = await ThreadSettlement.SupersedeAsync(connection, run.ThreadId, run.Strategy, softly, cancellationToken);
            head = await LockHeadAsync(connection, run, cancellationToken);
        }
        else if (head.ActiveRun is not null && run.Strategy == MultitaskStrategy.Reject)
        {
            return RunCreationResult.ThreadBusy;
        }

        // An edit that has come since the look at the assistant has come too late for this run.
        var created = head.ActiveRun is null
            ? (await InsertAsync(connection, [given with { Run = run with { AssumesUnedited = false } }], isKnownToLive: true, cancellationToken))[run.RunId]
            : await EnqueueAsync(connection, run, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return new RunCreationResult(created, RunRefusal.None, effects);
    }

    /// <summary>Gives what the run brings to the run in flight, if that one takes it; what an earlier try has given is not given again.</summary>
    private async Task<AcceptedUpdate?> SteerAsync(NpgsqlConnection connection, NewRunRow run, Guid? active, CancellationToken cancellationToken)
    {
        if (run.IsShared && await FindUpdateAsync(connection, run, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        return active is { } runId && run.BringsOnlyMessages && agents.Find(run.Agent) is { IsSteerable: true }
            ? await RunSteering.AddAsync(
                connection, new NewUpdate(run.RunId, run.Owner, run.ThreadId, runId, run.Request), run.AssistantId, cancellationToken)
            : null;
    }

    private static async Task<AcceptedUpdate?> FindUpdateAsync(NpgsqlConnection connection, NewRunRow run, CancellationToken cancellationToken) =>
        await UpdateReader.FindAsync(connection, run.Owner, run.RunId, cancellationToken) is { } stored
            ? new AcceptedUpdate(stored.RunId, 0, stored.CreatedAt, SettlementEffects.None)
            : null;

    private static async Task<bool> IsStoredAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select 1 from runs where run_id = $1", connection).With(runId);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task<(bool Exists, Guid? ActiveRun, bool AssistantEdited)> LockHeadAsync(
        NpgsqlConnection connection, NewRunRow run, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockHeadSql, connection)
            .With(run.ThreadId).With(run.Owner).With(run.AssistantId).With(run.AssumesUnedited);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) && (!reader.IsDBNull(0) || !reader.GetBoolean(2))
            ? (true, reader.GetNullable<Guid>(0), reader.GetBoolean(1))
            : (false, null, false);
    }

    private static async Task<CreatedRunRow> EnqueueAsync(NpgsqlConnection connection, NewRunRow run, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(EnqueueSql, connection)
            .With(run.RunId).With(run.ThreadId).With(run.Owner).With(run.Agent).With(run.AssistantId).With(run.Request)
            .With(run.Metadata).With(run.Filter).With(run.Config).With(ToText(run.Strategy)).With(run.Stateless).With(run.Delay)
            .With(run.StreamNode, NpgsqlDbType.Uuid).With(run.Assistant).With(run.AssistantMetadata).With(run.DeletesThread)
            .With(run.TimeLimit, NpgsqlDbType.Interval).With(run.QueueWait, NpgsqlDbType.Interval);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new CreatedRunRow(
            RunState.Waiting, reader.GetInt64(0), LastN: 0, Unmerged: 0, reader.GetDateTime(1), DeadlineAt: null, reader.GetString(2), reader.GetText(3));
    }

    private static string ToText(MultitaskStrategy strategy) => strategy switch
    {
        MultitaskStrategy.Reject => "reject",
        MultitaskStrategy.Interrupt => "interrupt",
        MultitaskStrategy.Rollback => "rollback",
        MultitaskStrategy.Steer => "steer",
        _ => "enqueue",
    };

    /// <summary>A run, and where it shall be born.</summary>
    private sealed record Given(NewRunRow Run, Guid? Node, RunState State);
}
