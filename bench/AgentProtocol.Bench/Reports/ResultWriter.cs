using System.Text;
using System.Text.Json;

namespace AgentProtocol.Bench.Reports;

/// <summary>One JSON line for each repetition, one for each scenario at the end.</summary>
internal sealed class ResultWriter(TextWriter output)
{
    public void Write(string scenario, int repetition, Measurement measurement) => WriteLine(writer =>
    {
        writer.WriteString("scenario", scenario);
        writer.WriteNumber("repetition", repetition);
        WriteMetrics(writer, measurement.Metrics, metric => WriteNumber(writer, metric.Name, metric.Value));
        writer.WriteNumber("errors", measurement.Errors);
        if (measurement.FirstError is { } error)
        {
            writer.WriteString("first_error", error);
        }
    });

    public void WriteSummary(string scenario, IReadOnlyList<Measurement> repetitions) => WriteLine(writer =>
    {
        var summary = Summary.Of(repetitions);
        writer.WriteString("scenario", scenario);
        writer.WriteBoolean("summary", true);
        writer.WriteNumber("repetitions", repetitions.Count);
        WriteMetrics(writer, summary.Keys, metric => WriteSpread(writer, metric.Name, summary[metric]));
        writer.WriteNumber("errors", repetitions.Sum(repetition => repetition.Errors));
    });

    private void WriteLine(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
        output.Flush();
    }

    private static void WriteMetrics(Utf8JsonWriter writer, IEnumerable<Metric> metrics, Action<Metric> write)
    {
        string? group = null;
        foreach (var metric in metrics)
        {
            if (metric.Group != group && group is not null)
            {
                writer.WriteEndObject();
            }

            if (metric.Group != group && metric.Group is not null)
            {
                writer.WriteStartObject(metric.Group);
            }

            group = metric.Group;
            write(metric);
        }

        if (group is not null)
        {
            writer.WriteEndObject();
        }
    }

    private static void WriteSpread(Utf8JsonWriter writer, string name, Spread spread)
    {
        writer.WriteStartObject(name);
        WriteNumber(writer, "median", spread.Median);
        WriteNumber(writer, "min", spread.Min);
        WriteNumber(writer, "max", spread.Max);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double value) =>
        writer.WriteNumber(name, Math.Round(value, 3));
}
