using System.Diagnostics;

namespace AgentProtocol.Bench.Reports;

/// <summary>A growing list of durations in clock ticks.</summary>
internal sealed class Latencies
{
    private readonly List<long> ticks = new(1024);

    public int Count => ticks.Count;

    public static Latencies Merge(IEnumerable<Latencies> parts)
    {
        var merged = new Latencies();
        foreach (var part in parts)
        {
            merged.ticks.AddRange(part.ticks);
        }

        merged.ticks.Sort();
        return merged;
    }

    public void Since(long started) => Between(started, Stopwatch.GetTimestamp());

    public void Between(long started, long ended) => ticks.Add(ended - started);

    /// <summary>The nearest-rank percentile in milliseconds, of a merged (sorted) list that is not empty.</summary>
    public double Percentile(double percent)
    {
        var rank = (int)Math.Ceiling(percent / 100 * ticks.Count);
        return ticks[Math.Max(rank, 1) - 1] * 1000.0 / Stopwatch.Frequency;
    }
}
