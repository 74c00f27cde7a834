using Npgsql;

namespace AgentProtocol.Chaos.Faults;

/// <summary>The runs that a node had just before it was killed, less those that have gone on since.</summary>
internal sealed class OrphanedRuns
{
    private const string LookSql = "select w.run_id, w.attempt from run_work w join nodes n on n.id = w.node where n.name = $1 and w.state = 3";

    /// <summary>Those that have gone on (a later attempt), and those that ended without: by the dead node's last word, or by a cancel.</summary>
    private const string GoneSql =
        """
        select o.run_id, coalesce(w.attempt, r.attempt, 0) > o.attempt
        from unnest($1::uuid[], $2::int[]) as o(run_id, attempt) left join run_work w using (run_id) left join runs r using (run_id)
        where w.run_id is null or (w.state = 3 and w.attempt > o.attempt)
        """;

    private readonly Dictionary<Guid, int> attempts = [];

    private OrphanedRuns()
    {
    }

    public int Count => attempts.Count;

    public static async Task<OrphanedRuns> ReadAsync(NpgsqlConnection connection, string node, CancellationToken cancellationToken)
    {
        var orphans = new OrphanedRuns();
        await using var command = new NpgsqlCommand(LookSql, connection);
        command.Parameters.AddWithValue(node);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            orphans.attempts[reader.GetGuid(0)] = reader.GetInt32(1);
        }

        return orphans;
    }

    /// <summary>Forgets those that do not stand still any more, and gives how many of them another node was seen to execute.</summary>
    public async Task<int> TakeAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(GoneSql, connection);
        command.Parameters.AddWithValue(attempts.Keys.ToArray());
        command.Parameters.AddWithValue(attempts.Values.ToArray());
        await using var reader = await command.ExecuteReaderAsync();
        var taken = 0;
        while (await reader.ReadAsync())
        {
            attempts.Remove(reader.GetGuid(0));
            taken += reader.GetBoolean(1) ? 1 : 0;
        }

        return taken;
    }
}
