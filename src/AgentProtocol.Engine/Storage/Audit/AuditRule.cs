namespace AgentProtocol.Engine.Storage.Audit;

/// <summary>What must hold in every committed state of a database.</summary>
/// <param name="Broken">What is the case where it does not hold, for people.</param>
/// <param name="Sql">Gives the id of every run or thread where it does not hold.</param>
/// <param name="Mended">
/// Whether it may be broken for moments, because a node notices and mends it: then only what stays so under the eyes of a
/// living node is a defect.
/// </param>
internal sealed record AuditRule(string Broken, string Sql, bool Mended = false)
{
    /// <summary>All of them, in the order in which they are reported.</summary>
    public static IReadOnlyList<AuditRule> All { get; } = [.. QueueRules.All, .. EventRules.All, .. StateRules.All];
}
