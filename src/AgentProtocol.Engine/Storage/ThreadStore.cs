using AgentProtocol.Agents;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>A thread about to be stored.</summary>
internal sealed record NewThreadRow
{
    public required Guid ThreadId { get; init; }

    public required string Owner { get; init; }

    public string Metadata { get; init; } = "{}";

    /// <summary>The searchable copy of the metadata; null when it is empty.</summary>
    public string? Filter { get; init; }

    public string? Ttl { get; init; }

    /// <summary>Whether it is made for one stateless run.</summary>
    public bool Temporary { get; init; }
}

/// <summary>Creates threads, and edits what is not a run's business.</summary>
internal sealed class ThreadStore
{
    private const int MaxBatch = 200;

    private const string CreateSql =
        """
        with given as (select * from unnest($1, $2, $3, $4, $5, $6) as g(thread_id, owner, metadata, filter, ttl, temporary)),
        thread as (
            insert into threads (thread_id, owner, metadata, filter, ttl, temporary)
            select thread_id, owner, metadata, filter::jsonb, ttl, temporary from given
            on conflict do nothing
            returning thread_id, owner, created_at)
        insert into thread_heads (thread_id, owner, updated_at) select thread_id, owner, created_at from thread
        returning thread_id, updated_at
        """;

    private const string UpdateMetadataSql =
        """
        with head as (update thread_heads set updated_at = now() where thread_id = $1 and owner = $2 returning thread_id)
        update threads t set metadata = $3, filter = $4::jsonb, ttl = coalesce($5, t.ttl), look_at = case when $5 is null then t.look_at end
        from head where t.thread_id = head.thread_id
        """;

    private readonly ProtocolDatabase database;
    private readonly GroupCommit<NewThreadRow, DateTime?> creations;

    public ThreadStore(ProtocolDatabase database)
    {
        this.database = database;
        creations = new(MaxBatch, CreateAsync);
    }

    /// <summary>Stores a thread.</summary>
    /// <returns>When; null when the id exists already.</returns>
    public Task<DateTime?> CreateAsync(NewThreadRow thread) => creations.SubmitAsync(thread);

    /// <summary>The same under an id that a thread may still occupy whose deletion was asked for.</summary>
    public async Task<DateTime?> CreateAnewAsync(NewThreadRow thread, CancellationToken cancellationToken)
    {
        if (await CreateAsync(thread) is { } createdAt)
        {
            return createdAt;
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await ThreadRemoval.DeleteDisposedAsync(connection, thread.Owner, thread.ThreadId, cancellationToken) ? await CreateAsync(thread) : null;
    }

    /// <summary>Replaces a thread's metadata, as computed by the caller from what it read under <see cref="LockHeadAsync"/>.</summary>
    public static async Task UpdateMetadataAsync(
        NpgsqlConnection connection, NewThreadRow changed, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(UpdateMetadataSql, connection)
            .With(changed.ThreadId).With(changed.Owner).With(changed.Metadata).With(changed.Filter).With(changed.Ttl);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A thread's metadata, read on the connection that holds its lock.</summary>
    public static async Task<string> ReadMetadataAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select metadata from threads where thread_id = $1", connection).With(threadId);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Locks a thread for an edit. Null when this owner has no such thread. The state is read by the next statement: one
    /// that has waited for the lock does not see the checkpoints that were written meanwhile.
    /// </summary>
    public static async Task<LockedHead?> LockHeadAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select h.active_run, h.agent, h.assistant_id, (select t.filter ->> 'graph_id' from threads t where t.thread_id = h.thread_id)
            from thread_heads h where h.thread_id = $1 and h.owner = $2 for no key update of h
            """,
            connection).With(threadId).With(owner);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new LockedHead(reader.GetNullable<Guid>(0), OriginOf(reader.GetText(1) ?? reader.GetText(3), reader.GetNullable<Guid>(2)))
            : null;
    }

    /// <summary>The agent of a thread: that of its latest run, or the one that its metadata names.</summary>
    public static EditOrigin OriginOf(string? agent, Guid? assistantId) =>
        agent is null ? default : new EditOrigin(agent, assistantId ?? AssistantIds.For(agent));

    /// <summary>Stores a thread as part of a transaction. False when the id exists already.</summary>
    public static async Task<bool> CreateAsync(NpgsqlConnection connection, NewThreadRow thread, CancellationToken cancellationToken) =>
        (await CreateAsync(connection, [thread], cancellationToken)).Count == 1;

    private async Task<IReadOnlyList<DateTime?>> CreateAsync(IReadOnlyList<NewThreadRow> threads)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        var created = await CreateAsync(connection, threads, CancellationToken.None);

        // Of two callers with the same id in one statement only the first has created it.
        return [.. threads.Select(thread => created.Remove(thread.ThreadId, out var at) ? (DateTime?)at : null)];
    }

    private static async Task<Dictionary<Guid, DateTime>> CreateAsync(
        NpgsqlConnection connection, IReadOnlyList<NewThreadRow> threads, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CreateSql, connection)
            .WithColumn(threads, NpgsqlDbType.Uuid, thread => thread.ThreadId)
            .WithColumn(threads, NpgsqlDbType.Text, thread => thread.Owner)
            .WithColumn(threads, NpgsqlDbType.Text, thread => thread.Metadata)
            .WithColumn(threads, NpgsqlDbType.Text, thread => thread.Filter)
            .WithColumn(threads, NpgsqlDbType.Text, thread => thread.Ttl)
            .WithColumn(threads, NpgsqlDbType.Boolean, thread => thread.Temporary);
        Dictionary<Guid, DateTime> created = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            created.Add(reader.GetGuid(0), reader.GetDateTime(1));
        }

        return created;
    }
}

/// <summary>A thread's head under lock.</summary>
/// <param name="ActiveRun">The run that holds the slot.</param>
/// <param name="Origin">The thread's agent; none when no agent has run on the thread and its metadata names none.</param>
internal sealed record LockedHead(Guid? ActiveRun, EditOrigin Origin);
