namespace AgentProtocol.Chaos.Reports;

/// <summary>What came of a run of the chaos test.</summary>
internal sealed record ChaosReport
{
    public required int Seed { get; init; }

    public required string Queue { get; init; }

    public required int Nodes { get; init; }

    public required bool ThroughNginx { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>From the end of the faults until the last accepted run had ended.</summary>
    public required TimeSpan Settled { get; init; }

    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    /// <summary>Runs that were acknowledged, by their end.</summary>
    public required IReadOnlyDictionary<string, int> Runs { get; init; }

    /// <summary>How many of them took more than one execution.</summary>
    public required int Resumed { get; init; }

    public required int Replayed { get; init; }

    /// <summary>Times until runs of killed nodes went on elsewhere: all of them, and those during which nothing else was done to the cluster.</summary>
    public required Percentiles Takeover { get; init; }

    public required Percentiles UndisturbedTakeover { get; init; }

    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    public required IReadOnlyCollection<string> Violations { get; init; }

    /// <summary>Where everything is; deleted when nothing was violated.</summary>
    public required string Folder { get; init; }

    public bool IsGood => Violations.Count == 0;
}

/// <summary>Nearest-rank percentiles in milliseconds.</summary>
/// <param name="Count">Of how many.</param>
/// <param name="P50">The median.</param>
/// <param name="P99">The 99th.</param>
/// <param name="Max">The highest.</param>
internal readonly record struct Percentiles(int Count, double P50, double P99, double Max)
{
    public static Percentiles Of(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(time => Math.Round(time.TotalMilliseconds)).Order()];
        return sorted.Length == 0 ? default : new Percentiles(sorted.Length, At(50), At(99), sorted[^1]);

        double At(int percent) => sorted[Math.Max((int)Math.Ceiling(percent / 100.0 * sorted.Length), 1) - 1];
    }
}
