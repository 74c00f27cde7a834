using System.Globalization;
using Npgsql;

namespace AgentProtocol.Testing.Postgres;

/// <summary>Statements about databases, run from outside of them.</summary>
internal static class AdminSql
{
    /// <summary>Unique on a server that several test processes share; needs no quoting.</summary>
    public static string NewDatabaseName(string name)
    {
        if (!name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'))
        {
            throw new ArgumentException($"'{name}' must consist of lower-case letters, digits and underscores.", nameof(name));
        }

        return string.Create(CultureInfo.InvariantCulture, $"test_{name}_{Guid.NewGuid():N}");
    }

    public static string ForDatabase(string adminConnectionString, string database) =>
        new NpgsqlConnectionStringBuilder(adminConnectionString) { Database = database }.ConnectionString;

    public static async Task ExecuteAsync(string adminConnectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(adminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
