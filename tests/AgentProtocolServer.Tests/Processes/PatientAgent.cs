using System.Text.Json;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>The agent <c>patient</c> for server processes: a program that asks for messages until one says <c>enough</c>. Without, it never ends: its run has to hear of it.</summary>
internal sealed class PatientAgent : IDisposable
{
    public const string Id = "patient";

    private const string Program =
        """
        read -r line
        while :; do
          echo '{"type":"ready"}'
          read -r line
          case $line in *enough*) break ;; esac
          sleep 0.05
        done
        echo '{"type":"message","content":"told"}'
        echo '{"type":"done"}'
        """;

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");

    public PatientAgent()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no sh.");
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            agents = new[] { new { id = Id, kind = "process", command = "sh", args = new[] { "-c", Program }, steerable = true } },
        }));
    }

    /// <summary>What servers are given for it, in the form of the command line.</summary>
    public string Setting => $"--Agents:File={file}";

    public void Dispose() => File.Delete(file);
}
