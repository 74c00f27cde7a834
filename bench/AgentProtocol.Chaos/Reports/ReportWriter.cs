using System.Globalization;
using System.Text.Json;

namespace AgentProtocol.Chaos.Reports;

/// <summary>A summary for people, and one line for programs.</summary>
internal static class ReportWriter
{
    private const int MostViolations = 50;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Write(ChaosReport report, TextWriter output)
    {
        output.WriteLine(Line($"seed {report.Seed}, queue {report.Queue}, {report.Nodes} nodes {(report.ThroughNginx ? "behind nginx" : "without nginx")}, {report.Duration.TotalSeconds:0} s"));
        output.WriteLine(Line($"faults {report.Faults.Values.Sum()}: {List(report.Faults)}"));
        output.WriteLine(Line($"runs {report.Runs.Values.Sum()}: {List(report.Runs)}; {report.Resumed} took more than one execution"));
        output.WriteLine(Line($"all ended {report.Settled.TotalSeconds:0.0} s after the last fault; {report.Replayed} logs read again"));
        output.WriteLine(Line($"takeover of runs of killed nodes: {Text(report.Takeover)}; without another fault meanwhile: {Text(report.UndisturbedTakeover)}"));
        output.WriteLine(Line($"clients: {string.Join(", ", report.Counts.OrderBy(count => count.Key).Select(count => $"{count.Key} {count.Value}"))}"));
        foreach (var violation in report.Violations.Take(MostViolations))
        {
            output.WriteLine($"VIOLATION {violation}");
        }

        if (!report.IsGood)
        {
            output.WriteLine($"The data folder is kept: {report.Folder}");
        }

        output.WriteLine(Line($"violations={report.Violations.Count}"));
        output.WriteLine(JsonSerializer.Serialize(
            new
            {
                report.Seed,
                report.Queue,
                report.Nodes,
                Nginx = report.ThroughNginx,
                DurationS = Math.Round(report.Duration.TotalSeconds),
                SettledS = Math.Round(report.Settled.TotalSeconds, 1),
                report.Faults,
                report.Runs,
                report.Resumed,
                report.Replayed,
                TakeoverMs = report.Takeover,
                UndisturbedTakeoverMs = report.UndisturbedTakeover,
                report.Counts,
                Violations = report.Violations.Count,
            },
            Json));
    }

    private static string Text(Percentiles times) => Line($"n={times.Count} p50={times.P50 / 1000:0.0} s p99={times.P99 / 1000:0.0} s max={times.Max / 1000:0.0} s");

    private static string List(IReadOnlyDictionary<string, int> counts) => string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Key} {count.Value}"));

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
