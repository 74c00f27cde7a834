using System.Globalization;

namespace AgentProtocol.Bench.Load;

/// <summary>What the server's process takes of its machine, where it runs on this one and the machine tells.</summary>
internal sealed class ServerMemory(int? processId)
{
    /// <summary>In MiB; null when nobody knows.</summary>
    public double? ResidentMiB() => Read("VmRSS:") / 1024;

    /// <summary>How many threads it has; null when nobody knows.</summary>
    public double? Threads() => Read("Threads:");

    private double? Read(string name)
    {
        var file = $"/proc/{processId}/status";
        if (processId is null || !File.Exists(file))
        {
            return null;
        }

        var line = File.ReadLines(file).FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal));
        return line is null ? null
            : double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
