using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>What an owner has in the database.</summary>
internal static class OwnedRows
{
    private const string TablesSql =
        """
        select quote_ident(c.relname) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'owner' and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'api_keys'
        """;

    /// <summary>Every row of an owner, with its times, in every table that has owners.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="except">A column that may change.</param>
    public static async Task<string[]> ReadAsync(string connectionString, string owner, string except = "")
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        var rows = new List<string>();
        foreach (var table in await LinesAsync(source, TablesSql))
        {
            rows.AddRange(await LinesAsync(source, $"select '{table} ' || (to_jsonb(t) - '{except}')::text from {table} t where owner = '{owner}' order by 1"));
        }

        return [.. rows];
    }

    private static async Task<List<string>> LinesAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        List<string> lines = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }
}
