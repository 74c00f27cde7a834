using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>A call that is owed when a run ends.</summary>
/// <param name="Url">Where to.</param>
/// <param name="State">The state after the run; null where it could not be had.</param>
/// <param name="Body">What is said, but for the times; null until it is composed.</param>
internal sealed record WebhookCall(string Url, StateValues? State, string? Body = null)
{
    /// <summary>The call that a run asked for; null for most.</summary>
    public static WebhookCall? Of(RunRequest request, StateValues? state) =>
        request.Webhook is { } url ? new WebhookCall(url, state) : null;

    /// <inheritdoc cref="Of(RunRequest, StateValues?)"/>
    public static WebhookCall? Of(string? request, StateValues? state) => request is null ? null : Of(RunRequest.Parse(request), state);
}

/// <summary>
/// Puts calls into the outbox, in the transaction that ends their run. What is said is composed here, while run and state
/// are at hand: they may be deleted before it is delivered.
/// </summary>
internal static class WebhookOutbox
{
    private const string HeadSql = "select segment, head_n from thread_heads where thread_id = $1";

    private const string InsertSql =
        "insert into webhook_outbox (run_id, owner, url, host, body, started_at) values ($1, $2, $3, $4, $5, $6)";

    /// <summary>Composes the call of a run that its executor is about to end. Without a webhook nothing is read.</summary>
    public static async Task<RunEnding> ComposeAsync(ProtocolDatabase database, RunEnding ending, TimeProvider time)
    {
        if (ending.Webhook is not { } call)
        {
            return ending;
        }

        var (page, outcome) = (ending.Page, ending.Outcome);
        await using var connection = await database.Source.OpenConnectionAsync();
        var found = await RunLookup.ReadAsync(connection, [page.RunId], CancellationToken.None);
        if (!found.TryGetValue(page.RunId, out var view))
        {
            // Erased meanwhile: the ending will find that it has lost its lease.
            return ending;
        }

        var before = view.ToWire();
        var run = before with
        {
            Status = RunMapping.ToWire(outcome.Status, work: null),
            Error = outcome.Message,
            Progress = page.Progress is { } progress ? new RawJson(progress) : before.Progress,
            Usage = page.Usage is { } usage ? new RawJson(usage) : before.Usage,
            Updates = DeliveredWith(page, view, before.Updates, time.GetUtcNow().UtcDateTime),
        };
        return ending with { Webhook = call with { Body = WebhookBody.Compose(run, outcome.ErrorType is not null, call.State) } };
    }

    /// <summary>
    /// Adds the call of a run that has just been ended without an executor; with the head locked, its state is that of the
    /// thread at this moment.
    /// </summary>
    public static async Task AddForIdleAsync(
        NpgsqlConnection connection, Guid threadId, Guid runId, string request, DateTime? startedAt, CancellationToken cancellationToken)
    {
        if (RunRequest.Parse(request).Webhook is not { } url)
        {
            return;
        }

        var run = (await RunLookup.ReadAsync(connection, [runId], cancellationToken))[runId];
        var body = WebhookBody.Compose(
            run.ToWire(), run.Row.ErrorType is not null, await ReadStateAsync(connection, threadId, cancellationToken));
        await using var insert = new NpgsqlCommand(InsertSql, connection)
            .With(runId).With(run.Row.Owner).With(url).With(WebhookUrl.HostOf(url)).With(body).With(startedAt, NpgsqlDbType.TimestampTz);
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The last page delivers what it has taken, in the transaction that the call is part of.</summary>
    private static IReadOnlyList<RunUpdateReceipt>? DeliveredWith(
        RunPage page, RunView view, IReadOnlyList<RunUpdateReceipt>? receipts, DateTime now) =>
        page.TakenUpdates is not { } taken ? receipts
            : receipts?.Select((receipt, place) => view.Updates[place].N > taken || receipt.Status == RunUpdateStatus.Delivered
                ? receipt
                : receipt with { Status = RunUpdateStatus.Delivered, DeliveredAt = now }).ToList();

    private static async Task<StateValues> ReadStateAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        int segment, n;
        await using (var head = new NpgsqlCommand(HeadSql, connection).With(threadId))
        await using (var reader = await head.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (segment, n) = (reader.GetInt32(0), reader.GetInt32(1));
        }

        return (await CheckpointReader.ReadSegmentAsync(connection, threadId, segment, n, cancellationToken)).State;
    }
}
