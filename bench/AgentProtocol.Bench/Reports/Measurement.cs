using AgentProtocol.Bench.Load;

namespace AgentProtocol.Bench.Reports;

/// <summary>The figures of one repetition, in the order in which they are printed.</summary>
internal sealed class Measurement
{
    public List<Metric> Metrics { get; } = [];
    public int Errors { get; private init; }
    public string? FirstError { get; private init; }

    /// <summary>Starts from what every scenario reports about its clients.</summary>
    public static Measurement Of(ClientPool pool, TimeSpan wall, string unit, int count)
    {
        var measurement = new Measurement
        {
            Errors = pool.Clients.Sum(client => client.Errors),
            FirstError = pool.Clients.FirstOrDefault(client => client.FirstError is not null)?.FirstError,
        };
        return measurement
            .With(unit, count)
            .With("connections", pool.Clients.Length)
            .With("wall_s", wall.TotalSeconds)
            .With($"{unit}_per_s", count / wall.TotalSeconds)
            .With("http_requests", pool.Clients.Sum(client => client.Requests))
            .With("generator_cores", pool.Cpu / pool.Busy);
    }

    public static Measurement Failed(string error) => new() { Errors = 1, FirstError = error };

    public Measurement With(string name, double value)
    {
        Metrics.Add(new Metric(null, name, value));
        return this;
    }

    public Measurement With(string group, Latencies latencies)
    {
        // Zeros from a failed repetition would look like a very fast server in the summary.
        if (latencies.Count == 0)
        {
            return this;
        }

        Metrics.Add(new Metric(group, "p50", latencies.Percentile(50)));
        Metrics.Add(new Metric(group, "p95", latencies.Percentile(95)));
        Metrics.Add(new Metric(group, "p99", latencies.Percentile(99)));
        Metrics.Add(new Metric(group, "max", latencies.Percentile(100)));
        return this;
    }
}
