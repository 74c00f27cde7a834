namespace AgentProtocol.DevPostgres.Processes;

/// <summary>Finds the one line in a tool's output that tells a person what went wrong.</summary>
internal static class Complaints
{
    private static readonly string[] Marks = ["PANIC:", "FATAL:", "error:", "ERROR:", "could not"];

    public static string? In(string output)
    {
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var mark in Marks)
        {
            var found = Array.FindIndex(lines, line => line.Contains(mark, StringComparison.Ordinal));
            if (found >= 0)
            {
                return WithoutPrefix(lines[SaysOnlyThatItFailed(lines[found]) && found > 0 ? found - 1 : found]);
            }
        }

        return lines.LastOrDefault();
    }

    // Of a mistake in its settings PostgreSQL tells on the line before the fatal one.
    private static bool SaysOnlyThatItFailed(string line) => line.EndsWith("contains errors", StringComparison.Ordinal);

    // The time and the process id at the start of a log line.
    private static string WithoutPrefix(string line) =>
        line.IndexOf("] ", StringComparison.Ordinal) is var end and >= 0 ? line[(end + 2)..].TrimStart() : line;
}
