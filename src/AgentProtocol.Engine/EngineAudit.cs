using AgentProtocol.Engine.Storage.Audit;

namespace AgentProtocol.Engine;

/// <summary>What an audit has found.</summary>
/// <param name="Runs">How many runs the database has.</param>
/// <param name="Threads">How many threads it has.</param>
/// <param name="Rules">How many rules were checked.</param>
/// <param name="Findings">The rules that are broken; none in a database that is as it should be.</param>
public sealed record AuditReport(long Runs, long Threads, int Rules, IReadOnlyList<AuditFinding> Findings);

/// <summary>A rule that is broken.</summary>
/// <param name="Broken">What is the case.</param>
/// <param name="Ids">The runs or threads of which it is the case.</param>
public sealed record AuditFinding(string Broken, IReadOnlyList<Guid> Ids);

/// <summary>Checks a database of this build's schema: whether what the server promises holds in every row.</summary>
public static class EngineAudit
{
    /// <summary>How long nodes get to mend what they mend: the reaper's longest wait, and a sweep.</summary>
    public static TimeSpan DefaultGrace { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Reads the whole database and writes nothing; servers may go on.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="grace">How long nodes get to mend what they mend; <see cref="DefaultGrace"/> unless given.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<AuditReport> RunAsync(string connectionString, TimeSpan? grace = null, CancellationToken cancellationToken = default) =>
        DatabaseAudit.RunAsync(connectionString, () => Task.Delay(grace ?? DefaultGrace, cancellationToken), cancellationToken);
}
