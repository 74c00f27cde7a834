namespace AgentProtocol.Engine.Lifecycle;

/// <summary>Spans of time as callers write them.</summary>
internal static class Seconds
{
    /// <summary>Beyond this neither a clock nor the database counts; nobody means it either.</summary>
    private static readonly double Most = TimeSpan.FromDays(3650).TotalSeconds;

    /// <summary>A span of this many seconds, of ten years at the most.</summary>
    public static TimeSpan ToSpan(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, Most));
}
