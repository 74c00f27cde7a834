using System.Text.Json;
using AgentProtocol.Agents.Processes;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>Small programs as agents.</summary>
internal static class Programs
{
    /// <summary>A script for the shell. It may use <c>$run</c>, the line with the run.</summary>
    public static ProcessAgentOptions Shell(string script) => Plain("IFS= read -r run\n" + script) with { Mode = ProcessMode.JsonLines };

    /// <summary>A script for the shell that knows nothing of the server.</summary>
    public static ProcessAgentOptions Plain(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "These programs are scripts for a shell of Unix.");
        return new ProcessAgentOptions { Command = "sh", Arguments = ["-c", script], Mode = ProcessMode.Plain };
    }

    public static IAgent Agent(this ProcessAgentOptions options) => ProcessAgents.Create("agent", options).Agent;

    public static Task<List<AgentEvent>> EventsAsync(this ProcessAgentOptions options, AgentContext? context = null) =>
        options.Agent().EventsAsync(context ?? AgentRuns.Saying("hello"));

    public static async Task<AgentException> FailureAsync(this ProcessAgentOptions options, AgentContext? context = null) =>
        await Assert.ThrowsAsync<AgentException>(() => options.EventsAsync(context));

    /// <summary>The data of a custom event.</summary>
    public static JsonElement Data(this AgentEvent e) => Assert.IsType<AgentEvent.Custom>(e).Data;

    /// <summary>Whether a process works, or could: one that is dead and only not yet noted by its parent cannot.</summary>
    public static bool IsAlive(int id)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return !OperatingSystem.IsLinux() || !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            return false;
        }
    }
}
