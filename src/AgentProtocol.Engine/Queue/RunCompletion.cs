using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>How a run is ended.</summary>
/// <param name="Page">What its executor had not written yet.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Attempt">The attempt that ended it.</param>
internal sealed record RunEnding(RunPage Page, RunOutcome Outcome, int Attempt)
{
    /// <summary>Who is told of the end; null for nobody.</summary>
    public WebhookCall? Webhook { get; init; }
}

/// <summary>What became of an ending.</summary>
/// <param name="Kind">Whether it holds.</param>
/// <param name="Promoted">The run that has the slot and can be claimed: the next one, or this one again.</param>
/// <param name="Updates">The number of the latest update, when the run goes on to take it.</param>
internal readonly record struct EndingResult(EndingKind Kind, Guid? Promoted = null, int Updates = 0);

/// <summary>Whether an ending holds.</summary>
internal enum EndingKind
{
    /// <summary>The run has ended as asked.</summary>
    Ended,

    /// <summary>A rollback was committed before: the run must be erased instead.</summary>
    MustRollBack,

    /// <summary>The run is no longer ours.</summary>
    LeaseLost,

    /// <summary>Updates have come that the run has not taken: it goes on, and nothing was written.</summary>
    Steered,
}

/// <summary>The writes by which an executor gives a run up: ended, erased, or put back for another execution.</summary>
internal sealed partial class RunCompletion
{
    /// <summary>More rows share the cost of a statement and its commit, and each caller waits for all of them.</summary>
    private const int MaxBatch = 40;

    private readonly ProtocolDatabase database;
    private readonly TimeProvider time;
    private readonly GroupCommit<RunEnding, bool> fast;

    public RunCompletion(ProtocolDatabase database, TimeProvider time)
    {
        this.database = database;
        this.time = time;
        fast = new(MaxBatch, endings => FinishAsync(endings));
    }

    /// <summary>Ends a run, together with others where nobody waits on its thread.</summary>
    public Task<EndingResult> FinishAsync(RunEnding ending, CancellationToken leaseLost) => RetryAsync(
        async () =>
        {
            var complete = await WebhookOutbox.ComposeAsync(database, ending, time);
            return await fast.SubmitAsync(complete) ? new EndingResult(EndingKind.Ended) : await FinishAloneAsync(complete);
        },
        () => ResolveAsync(ending),
        leaseLost);

    /// <summary>Ends a run with nothing but its failure, whatever its execution had collected.</summary>
    public Task<EndingResult> FinishBareAsync(ClaimedRun run, RunOutcome outcome, CancellationToken leaseLost) => RetryAsync(
        async () =>
        {
            await using var connection = await database.Source.OpenConnectionAsync();
            await using var command = new NpgsqlCommand("select next_event from run_work where run_id = $1 and fence = $2", connection)
                .With(run.RunId).With(run.Fence);
            if (await command.ExecuteScalarAsync() is not long first)
            {
                return new EndingResult(EndingKind.LeaseLost);
            }

            var tail = await EventReader.ReadTailAsync(connection, run.RunId, CancellationToken.None);

            var page = new RunPage
            {
                RunId = run.RunId,
                ThreadId = run.ThreadId,
                Owner = run.Owner,
                Fence = run.Fence,
                First = first,
                NextNumber = tail.NextNumber + 1,
                Frames = EndFrames.Of(first, tail.NextNumber, outcome, run.Order?.Agent, time.GetUtcNow()),
            };
            var ending = new RunEnding(page, outcome, run.Attempt) { Webhook = WebhookCall.Of(run.Order?.Request, state: null) };
            return await FinishAloneAsync(await WebhookOutbox.ComposeAsync(database, ending, time));
        },
        async () =>
        {
            await using var connection = await database.Source.OpenConnectionAsync();
            await using var command = new NpgsqlCommand("select 1 from runs where run_id = $1 and status <> 'active'", connection).With(run.RunId);
            return await command.ExecuteScalarAsync() is null ? null : new EndingResult(EndingKind.Ended);
        },
        leaseLost);

    /// <summary>Erases a run and everything it did, and passes the slot on.</summary>
    public Task<EndingResult> RollBackAsync(ClaimedRun run, CancellationToken leaseLost) => RetryAsync(
        () => RollBackAsync(run),
        // Erasing twice is harmless: the second time finds nothing.
        () => Task.FromResult<EndingResult?>(null),
        leaseLost);

    /// <summary>Hands a run back for another node, or this one after its restart: it spends nothing and goes first.</summary>
    public Task<EndingResult> HandBackAsync(ClaimedRun run, CancellationToken leaseLost) =>
        PutBackAsync(run, delay: null, priority: -1, failures: 0, leaseLost);

    /// <summary>Schedules another attempt from the last checkpoint.</summary>
    public Task<EndingResult> RetryLaterAsync(ClaimedRun run, TimeSpan delay, CancellationToken leaseLost) =>
        PutBackAsync(run, delay, priority: 0, failures: 1, leaseLost);

    private Task<EndingResult> PutBackAsync(ClaimedRun run, TimeSpan? delay, int priority, int failures, CancellationToken leaseLost) => RetryAsync(
        async () =>
        {
            await using var connection = await database.Source.OpenConnectionAsync();
            await using var command = new NpgsqlCommand(PutBackSql, connection)
                .With(run.RunId).With(run.Fence).With(delay, NpgsqlDbType.Interval).With(priority).With(failures);
            return await command.ExecuteScalarAsync() is bool isReady
                ? new EndingResult(EndingKind.Ended, isReady ? run.RunId : null)
                : new EndingResult(EndingKind.LeaseLost);
        },
        () => Task.FromResult<EndingResult?>(null),
        leaseLost);

    private async Task<IReadOnlyList<bool>> FinishAsync(IReadOnlyList<RunEnding> endings)
    {
        var newest = RunPage.NewestOfEachRun([.. endings.Select(ending => ending.Page)]);
        await using var connection = await database.Source.OpenConnectionAsync();
        var ended = await FinishAsync(connection, newest.Count == endings.Count ? endings : [.. endings.Where(IsNewest)], holdsHeadLock: false);
        return [.. endings.Select(ending => ended.Contains(ending.Page.RunId) && (newest.Count == endings.Count || IsNewest(ending)))];

        bool IsNewest(RunEnding ending) => newest.Contains(ending.Page);
    }

    private async Task<EndingResult> FinishAloneAsync(RunEnding ending)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (await LockHeadAsync(connection, ending.Page.ThreadId) > 0 && await LeaveUntakenAsync(connection, ending) is { } steered)
        {
            return steered;
        }

        if ((await FinishAsync(connection, [ending], holdsHeadLock: true)).Count == 0)
        {
            await using var settle = new NpgsqlCommand(SettleOfSql, connection).With(ending.Page.RunId).With(ending.Page.Fence);
            return new EndingResult(await settle.ExecuteScalarAsync() is "rollback" ? EndingKind.MustRollBack : EndingKind.LeaseLost);
        }

        var promoted = await ThreadSettlement.PassOnAsync(connection, ending.Page.ThreadId, CancellationToken.None);
        await transaction.CommitAsync();
        return new EndingResult(EndingKind.Ended, promoted);
    }

    private static async Task<HashSet<Guid>> FinishAsync(
        NpgsqlConnection connection, IReadOnlyList<RunEnding> endings, bool holdsHeadLock)
    {
        var pages = endings.Select(ending => ending.Page).ToList();
        var calls = endings.Where(ending => ending.Webhook?.Body is not null).ToList();
        await using var command = new NpgsqlCommand(FinishSql, connection)
            .WithPages(pages)
            .WithCheckpoints(pages)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.Status)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.ErrorType)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.Message)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.ThreadStatus)
            .WithColumn(endings, NpgsqlDbType.Integer, ending => ending.Attempt)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.ErrorType is null ? null : ending.Outcome.Message)
            .WithColumn(endings, NpgsqlDbType.Uuid, ending => ending.Page.PausedAt)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.Pause?.Node)
            .WithColumn(endings, NpgsqlDbType.Text, ending => ending.Outcome.Pause is { } pause ? InterruptText.Write(pause.Interrupts) : null)
            .With(holdsHeadLock)
            .WithColumn(calls, NpgsqlDbType.Uuid, ending => ending.Page.RunId)
            .WithColumn(calls, NpgsqlDbType.Text, ending => ending.Webhook!.Url)
            .WithColumn(calls, NpgsqlDbType.Text, ending => WebhookUrl.HostOf(ending.Webhook!.Url))
            .WithColumn(calls, NpgsqlDbType.Text, ending => ending.Webhook!.Body)
            .WithTaken(pages);
        HashSet<Guid> ended = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            ended.Add(reader.GetGuid(0));
        }

        return ended;
    }

    private async Task<EndingResult> RollBackAsync(ClaimedRun run)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await LockHeadAsync(connection, run.ThreadId);
        if (!await ThreadSettlement.EraseAsync(connection, run.ThreadId, run.RunId, run.Fence, CancellationToken.None))
        {
            return new EndingResult(EndingKind.LeaseLost);
        }

        var promoted = await ThreadSettlement.PassOnAsync(connection, run.ThreadId, CancellationToken.None);
        await transaction.CommitAsync();
        return new EndingResult(EndingKind.Ended, promoted);
    }

    /// <returns>How many updates the active run has not taken.</returns>
    private static async Task<int> LockHeadAsync(NpgsqlConnection connection, Guid threadId)
    {
        await using var command = new NpgsqlCommand(LockHeadSql, connection).With(threadId);
        return await command.ExecuteScalarAsync() is int untaken ? untaken : 0;
    }

    /// <summary>
    /// Leaves what the run has not taken to the thread. An agent that is done has not seen it, and is asked again instead:
    /// then the result says so.
    /// </summary>
    private static async Task<EndingResult?> LeaveUntakenAsync(NpgsqlConnection connection, RunEnding ending)
    {
        var page = ending.Page;
        int untaken;
        await using (var command = new NpgsqlCommand(UntakenSql, connection).With(page.RunId).With(page.Fence).With(page.TakenUpdates ?? 0))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            await reader.ReadAsync();
            untaken = reader.GetInt32(0);
            if (untaken > 0 && ending.Outcome.State == RunState.Success && reader.GetBoolean(2))
            {
                return new EndingResult(EndingKind.Steered, Updates: reader.GetInt32(1));
            }
        }

        await using var leave = new NpgsqlCommand(LeaveUntakenSql, connection).With(page.ThreadId).With(untaken);
        await leave.ExecuteNonQueryAsync();
        return null;
    }

    /// <summary>What an ending whose commit is uncertain came to; null when it was not written and may be written again.</summary>
    private async Task<EndingResult?> ResolveAsync(RunEnding ending)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(ResolveSql, connection).With(ending.Page.RunId).With(ending.Page.Next);
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            return new EndingResult(EndingKind.LeaseLost);
        }

        return reader.GetNullable<bool>(0) == true ? new EndingResult(EndingKind.Ended)
            : reader.GetNullable<int>(1) != ending.Page.Fence ? new EndingResult(EndingKind.LeaseLost)
            : null;
    }

    private async Task<EndingResult> RetryAsync(
        Func<Task<EndingResult>> write, Func<Task<EndingResult?>> resolve, CancellationToken leaseLost)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return (failures > 0 ? await resolve() : null) ?? await write();
            }
            catch (Exception exception) when (TransientFailure.Is(exception))
            {
                if (leaseLost.IsCancellationRequested)
                {
                    return new EndingResult(EndingKind.LeaseLost);
                }

                // The commit may have happened: the next round looks before it repeats.
                await Task.Delay(TransientFailure.Pause(failures), time, CancellationToken.None);
            }
        }
    }
}
