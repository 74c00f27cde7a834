using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// What a transaction that holds a thread's head lock may do with the thread's runs. Every method is one step of such a
/// transaction; the caller commits.
/// </summary>
internal static partial class ThreadSettlement
{
    /// <summary>A newer run takes over: the running run is told to stop, all others end or vanish here and now.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="strategy">The strategy of the newer run.</param>
    /// <param name="softly">Agents whose running run stops at its next checkpoint, unless it is to be erased.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public static async Task<SettlementEffects> SupersedeAsync(
        NpgsqlConnection connection, Guid threadId, MultitaskStrategy strategy, IReadOnlyList<string> softly, CancellationToken cancellationToken)
    {
        const string reason = "Superseded by a newer run";
        var erase = strategy == MultitaskStrategy.Rollback;
        var work = await LockWorkAsync(connection, threadId, null, cancellationToken);
        var signalled = await SignalRunningAsync(connection, threadId, erase, erase ? [] : softly, reason, cancellationToken);
        List<LockedWork> idle = [.. work.Where(run => run.State != RunState.Running)];
        foreach (var run in idle)
        {
            await EndIdleAsync(connection, threadId, run.RunId, erase || run.MustRollBack, reason, superseded: true, cancellationToken);
        }

        return new SettlementEffects { Signalled = signalled, Ended = [.. idle.Select(run => run.RunId)] };
    }

    /// <summary>Ends or erases one run that nobody executes. False when it is not such a run any more.</summary>
    public static async Task<bool> EndIdleAsync(
        NpgsqlConnection connection, Guid threadId, Guid runId, bool erase, string reason, bool superseded, CancellationToken cancellationToken)
    {
        return erase
            ? await EraseAsync(connection, threadId, runId, fence: null, cancellationToken)
            : await EndIdleAsync(connection, threadId, runId, RunOutcome.Interrupted(reason), [], superseded, cancellationToken);
    }

    /// <summary>Ends one run that nobody executes. False when it is not such a run any more.</summary>
    /// <param name="connection">Where the transaction is.</param>
    /// <param name="threadId">Its thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="outcome">How it ends.</param>
    /// <param name="lastFrames">What its readers are told at last; only of a run that never started, whose log is empty.</param>
    /// <param name="keepsInput">Whether its input stays behind for the thread, unless it is part of its state already.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<bool> EndIdleAsync(
        NpgsqlConnection connection, Guid threadId, Guid runId, RunOutcome outcome, IReadOnlyList<Frame> lastFrames, bool keepsInput,
        CancellationToken cancellationToken)
    {
        string request;
        string? partial;
        DateTime? startedAt;
        await using (var command = new NpgsqlCommand(EndIdleSql, connection)
            .With(runId).With(outcome.Message).With(keepsInput).With(outcome.Status).With(outcome.ErrorType)
            .With(Frame.Write(lastFrames)).With(lastFrames.Count).With(lastFrames.LongCount(frame => !frame.IsProtocol)))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return false;
            }

            (request, startedAt, partial) = (reader.GetString(0), reader.GetNullable<DateTime>(1), reader.GetText(2));
        }

        if (partial is not null)
        {
            await PartialAnswers.KeepAsync(connection, threadId, runId, partial, cancellationToken);
        }

        await WebhookOutbox.AddForIdleAsync(connection, threadId, runId, request, startedAt, cancellationToken);
        return true;
    }

    /// <summary>Erases a run: with its fence by its executor, without one when nobody executes it.</summary>
    public static async Task<bool> EraseAsync(
        NpgsqlConnection connection, Guid threadId, Guid runId, int? fence, CancellationToken cancellationToken)
    {
        short state;
        Guid? replacedHead;
        bool hadStarted;
        await using (var command = new NpgsqlCommand(EraseSql, connection).With(runId).With(fence, NpgsqlDbType.Integer))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return false;
            }

            state = reader.GetInt16(0);
            replacedHead = reader.GetNullable<Guid>(2);
            hadStarted = reader.GetInt64(3) > 0;
        }

        if (hadStarted)
        {
            await RestoreHeadAsync(connection, threadId, replacedHead, cancellationToken);
        }

        await using var forget = new NpgsqlCommand(ForgetErasedSql, connection).With(threadId).With((int)state);
        await forget.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    /// <summary>The runs of a thread that have not ended, or one of them, locked in the state they are in.</summary>
    public static async Task<IReadOnlyList<LockedWork>> LockWorkAsync(
        NpgsqlConnection connection, Guid threadId, Guid? runId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockWorkSql, connection).With(threadId).With(runId, NpgsqlDbType.Uuid);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<LockedWork> runs = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            runs.Add(new LockedWork(reader.GetGuid(0), (RunState)reader.GetInt16(1), reader.GetBoolean(2)));
        }

        return runs;
    }

    /// <summary>
    /// Passes the slot on, which the caller has just emptied: to the next waiting run, or, when nobody waits, the thread
    /// is free, and inputs that superseded runs left behind become part of its state.
    /// </summary>
    /// <returns>The run, if one waited and can be claimed now.</returns>
    public static async Task<Guid?> PassOnAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        var promoted = await PromoteAsync(connection, threadId, cancellationToken);
        await LeftInputs.MergeOnFreeThreadAsync(connection, threadId, cancellationToken);
        return promoted;
    }

    /// <summary>Gives the slot, which the caller has just emptied, to the next waiting run.</summary>
    /// <returns>The run, if one waited and can be claimed now.</returns>
    public static async Task<Guid?> PromoteAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(PromoteSql, connection).With(threadId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) && reader.GetInt16(1) == (short)RunState.Ready ? reader.GetGuid(0) : null;
    }

    private static async Task<IReadOnlyList<(Guid, Guid)>> SignalRunningAsync(
        NpgsqlConnection connection, Guid threadId, bool erase, IReadOnlyList<string> softly, string reason, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SignalRunningSql, connection)
            .With(threadId).With(erase ? "rollback" : "interrupt").With(reason).WithColumn(softly, NpgsqlDbType.Text, agent => agent);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid, Guid)> signalled = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            signalled.Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        return signalled;
    }

    private static async Task RestoreHeadAsync(
        NpgsqlConnection connection, Guid threadId, Guid? replacedHead, CancellationToken cancellationToken)
    {
        var state = replacedHead is { } id
            ? await CheckpointReader.ReadStateAsync(connection, threadId, id, cancellationToken)
            : State.StateValues.Empty;
        var values = state.OthersToJson();
        await using var command = new NpgsqlCommand(RestoreHeadSql, connection)
            .With(threadId).With(replacedHead, NpgsqlDbType.Uuid).With(values).With(JsonFilter.CopyOrNull(values));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>A run that has not ended, locked in the state it is in.</summary>
/// <param name="RunId">The run.</param>
/// <param name="State">Its state.</param>
/// <param name="MustRollBack">Whether a rollback of it is committed, which no later interrupt softens.</param>
internal readonly record struct LockedWork(Guid RunId, RunState State, bool MustRollBack);
