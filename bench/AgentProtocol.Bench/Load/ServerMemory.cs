using System.Globalization;

namespace AgentProtocol.Bench.Load;

/// <summary>The resident memory of the server's process, where it runs on this machine and the machine tells.</summary>
internal sealed class ServerMemory(int? processId)
{
    /// <summary>In MiB; null when nobody knows.</summary>
    public double? ResidentMiB()
    {
        var file = $"/proc/{processId}/status";
        if (processId is null || !File.Exists(file))
        {
            return null;
        }

        var line = File.ReadLines(file).FirstOrDefault(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? null
            : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
