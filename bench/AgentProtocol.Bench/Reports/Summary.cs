namespace AgentProtocol.Bench.Reports;

internal readonly record struct Spread(double Median, double Min, double Max);

internal static class Summary
{
    /// <summary>The spread of each figure over the repetitions; the keys keep their order and carry no value of their own.</summary>
    public static OrderedDictionary<Metric, Spread> Of(IEnumerable<Measurement> repetitions)
    {
        var summary = new OrderedDictionary<Metric, Spread>();
        foreach (var same in repetitions.SelectMany(repetition => repetition.Metrics).GroupBy(metric => metric with { Value = 0 }))
        {
            summary.Add(same.Key, SpreadOf([.. same.Select(metric => metric.Value).Order()]));
        }

        return summary;
    }

    private static Spread SpreadOf(double[] sorted)
    {
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
