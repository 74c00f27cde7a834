using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>A call that this node may deliver, until its lease ends.</summary>
internal sealed record ClaimedWebhook
{
    public required Guid RunId { get; init; }

    public required string Owner { get; init; }

    /// <summary>Absolute, or a path of this server.</summary>
    public required string Url { get; init; }

    /// <summary>The host of <see cref="Url"/>; empty for this server.</summary>
    public required string Host { get; init; }

    /// <summary>What <see cref="WebhookBody.Compose"/> made.</summary>
    public required string Body { get; init; }

    /// <summary>From 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>The number every write must match.</summary>
    public required int Fence { get; init; }

    public DateTime? StartedAt { get; init; }

    public required DateTime EndedAt { get; init; }

    /// <summary>When it was claimed, by the database's clock.</summary>
    public required DateTime SentAt { get; init; }
}

/// <summary>What came of an attempt to deliver.</summary>
/// <param name="StatusCode">What the target answered; null when it did not.</param>
/// <param name="Error">Why not, for people.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Outcome">What follows.</param>
internal sealed record WebhookRecord(int? StatusCode, string? Error, TimeSpan Duration, WebhookOutcome Outcome)
{
    /// <summary>When it is tried again, if it is.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>Takes calls out of the outbox and writes down what became of them. A lease that ends gives the call to whoever comes next.</summary>
internal sealed class WebhookClaims(ProtocolDatabase database)
{
    private const int CleanBatch = 1000;

    /// <summary>
    /// Takes what is due, the longest waiting first, but of each host no more than its bound leaves: whatever lies there
    /// for a host that does not answer, others are found at once. The hosts are found by leaps over the index.
    /// </summary>
    private const string ClaimSql =
        """
        with recursive hosts(host) as (
            (select host from webhook_outbox order by host limit 1)
            union all
            select (select o.host from webhook_outbox o where o.host > h.host order by o.host limit 1) from hosts h where h.host is not null),
        due as (
            select d.run_id
            from hosts h left join unnest($4, $5) as busy(host, calls) on busy.host = h.host
            cross join lateral (
                select o.run_id, o.available_at from webhook_outbox o
                where o.host = h.host and o.available_at <= now()
                order by o.available_at limit greatest($2 - coalesce(busy.calls, 0), 0)
                for no key update of o skip locked) d
            order by d.available_at limit $1)
        update webhook_outbox w
        set attempt = w.attempt + 1, fence = w.fence + 1, available_at = now() + $3
        from due where w.run_id = due.run_id
        returning w.run_id, w.url, w.host, w.body, w.attempt, w.fence, w.started_at, w.created_at, now(), w.owner
        """;

    /// <summary>A call that was made is in the log, also when its lease has ended meanwhile.</summary>
    private const string RecordSql =
        """
        with ended as (delete from webhook_outbox where run_id = $1 and fence = $3 and $8 <> 'failed'),
        again as (
            update webhook_outbox set available_at = now() + $9, fence = fence + 1
            where run_id = $1 and fence = $3 and $8 = 'failed')
        insert into webhook_deliveries (run_id, attempt, owner, sent_at, status_code, error, duration_ms, outcome)
        values ($1, $2, $10, $4, $5, $6, $7, $8)
        on conflict do nothing
        """;

    private const string HandBackSql =
        """
        update webhook_outbox set available_at = now(), attempt = attempt - 1, fence = fence + 1
        where run_id = $1 and fence = $2
        """;

    private const string CleanSql =
        """
        delete from webhook_deliveries d
        using (select run_id, attempt from webhook_deliveries where sent_at < now() - $1 order by sent_at limit $2 for update skip locked) old
        where d.run_id = old.run_id and d.attempt = old.attempt
        """;

    /// <summary>Claims up to <paramref name="room"/> calls that are due.</summary>
    /// <param name="room">How many in all.</param>
    /// <param name="perHost">How many this node may have under way at one host.</param>
    /// <param name="busy">How many it has.</param>
    /// <param name="lease">How long they are this node's.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    public async Task<IReadOnlyList<ClaimedWebhook>> ClaimAsync(
        int room, int perHost, IReadOnlyDictionary<string, int> busy, TimeSpan lease, CancellationToken cancellationToken)
    {
        var hosts = busy.ToList();
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ClaimSql, connection)
            .With(room).With(perHost).With(lease)
            .WithColumn(hosts, NpgsqlDbType.Text, host => host.Key)
            .WithColumn(hosts, NpgsqlDbType.Integer, host => host.Value);

        // Once sent, a claim is not cancelled: what it took would lie until its lease ends.
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        List<ClaimedWebhook> claimed = [];
        while (await reader.ReadAsync(CancellationToken.None))
        {
            claimed.Add(Read(reader));
        }

        return claimed;
    }

    /// <summary>Writes down what came of an attempt: the call is done, or due again.</summary>
    public async Task RecordAsync(ClaimedWebhook webhook, WebhookRecord record)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(RecordSql, connection)
            .With(webhook.RunId).With(webhook.Attempt).With(webhook.Fence).With(webhook.SentAt)
            .With(record.StatusCode, NpgsqlDbType.Integer).With(record.Error).With((int)record.Duration.TotalMilliseconds)
            .With(ToText(record.Outcome)).With(record.Delay).With(webhook.Owner);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Gives a call back that was not made, or of which nobody knows; it spends no attempt.</summary>
    public async Task HandBackAsync(ClaimedWebhook webhook)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(HandBackSql, connection).With(webhook.RunId).With(webhook.Fence);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Removes some of what is older than the log's retention.</summary>
    public async Task CleanLogAsync(TimeSpan retention, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CleanSql, connection).With(retention).With(CleanBatch);
        while (await command.ExecuteNonQueryAsync(cancellationToken) == CleanBatch)
        {
            // There is more.
        }
    }

    private static string ToText(WebhookOutcome outcome) => outcome switch
    {
        WebhookOutcome.Delivered => "delivered",
        WebhookOutcome.Failed => "failed",
        _ => "given_up",
    };

    private static ClaimedWebhook Read(NpgsqlDataReader reader) => new()
    {
        RunId = reader.GetGuid(0),
        Url = reader.GetString(1),
        Host = reader.GetString(2),
        Body = reader.GetString(3),
        Attempt = reader.GetInt32(4),
        Fence = reader.GetInt32(5),
        StartedAt = reader.GetNullable<DateTime>(6),
        EndedAt = reader.GetDateTime(7),
        SentAt = reader.GetDateTime(8),
        Owner = reader.GetString(9),
    };
}
