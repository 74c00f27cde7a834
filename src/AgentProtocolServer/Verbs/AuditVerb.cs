using System.Globalization;
using AgentProtocol.Engine;
using AgentProtocolServer.Hosting;
using Npgsql;

namespace AgentProtocolServer.Verbs;

/// <summary>Checks whether a database keeps the server's promises, whether a server runs or not.</summary>
internal static class AuditVerb
{
    /// <summary>Enough to find the defect; all of them would bury the other rules.</summary>
    private const int MostIds = 20;

    /// <summary>0 when all rules hold, 1 when one is broken or the database cannot be asked.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var broken = 0;
        var failure = await StartFailure.GuardAsync(async () => broken = await AuditAsync(args));
        return failure == 0 && broken > 0 ? 1 : failure;
    }

    private static async Task<int> AuditAsync(string[] args)
    {
        var builder = ServerHost.CreateBuilder(args);

        // The output is the findings and nothing about the start of a private PostgreSQL.
        builder.Configuration["Serilog:MinimumLevel:Default"] = "Warning";
        await using var postgres = await ServerPostgres.StartOrJoinAsync(builder.Configuration, CancellationToken.None);
        var report = await ReadAsync(builder.Configuration.GetConnectionString("Postgres")!);
        foreach (var finding in report.Findings)
        {
            Console.WriteLine(Line(finding));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Runs} runs on {report.Threads} threads: {report.Rules} rules checked, {(report.Findings.Count == 0 ? "all hold" : $"{report.Findings.Count} broken")}."));
        return report.Findings.Count;
    }

    private static async Task<AuditReport> ReadAsync(string connectionString)
    {
        try
        {
            return await EngineAudit.RunAsync(connectionString);
        }
        catch (PostgresException other) when (other.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn)
        {
            // An audit writes nothing, so it does not migrate either.
            throw new StartException($"the database does not have the schema of this version ({other.MessageText}): 'agentprotocol migrate' brings it up to date.");
        }
    }

    private static string Line(AuditFinding finding)
    {
        var more = finding.Ids.Count > MostIds ? string.Create(CultureInfo.InvariantCulture, $" and {finding.Ids.Count - MostIds} more") : "";
        return $"broken: {finding.Broken}: {string.Join(", ", finding.Ids.Take(MostIds))}{more}";
    }
}
