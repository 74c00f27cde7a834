using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>Statements of tests, with positional parameters.</summary>
internal static class TestSql
{
    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = Command(source, sql, values);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public static async Task ExecuteAsync(this NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = Command(source, sql, values);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The rows, each as one text with its values between bars; easy to compare and to read in a failure.</summary>
    public static async Task<IReadOnlyList<string>> LinesAsync(this NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = Command(source, sql, values);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        List<string> lines = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? "" : reader.GetValue(column))));
        }

        return lines;
    }

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
