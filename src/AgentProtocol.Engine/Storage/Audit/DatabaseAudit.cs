using System.Data;
using Npgsql;

namespace AgentProtocol.Engine.Storage.Audit;

/// <summary>Asks a database whether it keeps the rules. Writes nothing, and asks while servers work.</summary>
internal static class DatabaseAudit
{
    private const string BeatsSql = "select coalesce(sum(beat), 0)::bigint from nodes";

    private const string CountSql = "select (select count(*) from runs), (select count(*) from threads)";

    /// <summary>Looks once, and again after a while for what a node may mend in the meantime.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="wait">Passes the time between the two.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<AuditReport> RunAsync(string connectionString, Func<Task> wait, CancellationToken cancellationToken)
    {
        var first = await LookAsync(connectionString, AuditRule.All, cancellationToken);
        var mendable = AuditRule.All.Where(rule => rule.Mended && first.Broken.ContainsKey(rule)).ToList();
        if (mendable.Count > 0)
        {
            await wait();
            var second = await LookAsync(connectionString, mendable, cancellationToken);
            foreach (var rule in mendable)
            {
                // Where no node lives nobody can mend anything, and the next one that starts will.
                Keep(first.Broken, rule, second.Beats == first.Beats ? [] : second.Broken.GetValueOrDefault(rule) ?? []);
            }
        }

        return new AuditReport(
            first.Runs, first.Threads, AuditRule.All.Count,
            [.. AuditRule.All.Where(first.Broken.ContainsKey).Select(rule => new AuditFinding(rule.Broken, first.Broken[rule]))]);
    }

    private static void Keep(Dictionary<AuditRule, IReadOnlyList<Guid>> broken, AuditRule rule, IReadOnlyList<Guid> still)
    {
        broken[rule] = [.. broken[rule].Intersect(still)];
        if (broken[rule].Count == 0)
        {
            broken.Remove(rule);
        }
    }

    /// <summary>All rules see the same moment; otherwise every commit between two of them would look like a defect.</summary>
    private static async Task<Look> LookAsync(string connectionString, IReadOnlyList<AuditRule> rules, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await ExecuteAsync("set transaction read only");
        await ExecuteAsync("set local statement_timeout = 0");
        Dictionary<AuditRule, IReadOnlyList<Guid>> broken = [];
        foreach (var rule in rules)
        {
            var ids = await ReadIdsAsync(connection, rule.Sql, cancellationToken);
            if (ids.Count > 0)
            {
                broken[rule] = ids;
            }
        }

        await using var count = new NpgsqlCommand($"{CountSql}, ({BeatsSql})", connection);
        await using var reader = await count.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new Look(broken, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<Guid>> ReadIdsAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // A large database takes as long as it takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> ids = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }

    private sealed record Look(Dictionary<AuditRule, IReadOnlyList<Guid>> Broken, long Runs, long Threads, long Beats);
}
