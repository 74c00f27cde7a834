namespace AgentProtocol.Engine.Access;

/// <summary>What a caller may do. Each scope includes those before it: whoever may start a run sees what comes of it.</summary>
public static class AccessScopes
{
    /// <summary>Read, search, count, and follow runs that exist.</summary>
    public const string Read = "read";

    /// <summary>Also create, change, cancel and delete threads, runs, state, items of the store and crons.</summary>
    public const string Run = "run";

    /// <summary>Also change assistants, and everything else.</summary>
    public const string Admin = "admin";

    /// <summary>All scopes, from the least to the most.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Run, Admin];

    /// <summary>Whether somebody who was granted some scopes has another one by that.</summary>
    public static bool Include(IEnumerable<string> granted, string needed) => granted.Any(scope => RankOf(scope) >= RankOf(needed));

    private static int RankOf(string scope) => scope switch
    {
        Read => 0,
        Run => 1,
        Admin => 2,
        // Of another version, or of somebody else's tokens: worth nothing here.
        _ => -1,
    };
}
