using AgentProtocol.Agents;
using AgentProtocol.DevPostgres;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocolServer.Hosting;

/// <summary>Turns the ways in which a start can fail into one line each.</summary>
internal static class StartFailure
{
    /// <summary>Runs a verb and gives the exit code of the process.</summary>
    public static async Task<int> GuardAsync(Func<Task> verb)
    {
        try
        {
            await verb();
            return 0;
        }
        catch (Exception exception) when (Explain(exception) is { } line)
        {
            // A mistake in the settings or the surroundings: a stack trace would only hide what to do.
            await Console.Error.WriteLineAsync("agentprotocol: " + line);
            return 1;
        }
    }

    /// <summary>The line for a failure; null for a defect, which keeps its stack trace.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        StartException or PrivatePostgresException or AgentConfigurationException => exception.Message,
        OptionsValidationException invalid => string.Join(" ", invalid.Failures.Select(OwnWords)),
        IOException { InnerException: AddressInUseException } or AddressInUseException =>
            $"{exception.Message.TrimEnd('.')}. Stop the other program, or set {ServerUrls.Setting} to another address.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } missing =>
            $"ConnectionStrings:Postgres names a database that does not exist ({missing.MessageText}). Create it first.",
        PostgresException { SqlState: ['2', '8', ..] } refused =>
            $"ConnectionStrings:Postgres was refused by the database: {refused.MessageText}.",
        NpgsqlException away => $"ConnectionStrings:Postgres names a database that does not answer: {away.Message}.",
        ArgumentException { Source: "Npgsql" or "System.Data.Common" } malformed => $"ConnectionStrings:Postgres is malformed: {malformed.Message}",
        _ => null,
    };

    /// <summary>Our message alone, without the names of classes and members that the framework puts around it.</summary>
    private static string OwnWords(string failure)
    {
        const string Frame = " with the error: '";
        var start = failure.IndexOf(Frame, StringComparison.Ordinal);
        return start < 0 ? failure : failure[(start + Frame.Length)..].TrimEnd('.').TrimEnd('\'');
    }
}
