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
            if (lines.FirstOrDefault(line => line.Contains(mark, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }
        }

        return lines.LastOrDefault();
    }
}
