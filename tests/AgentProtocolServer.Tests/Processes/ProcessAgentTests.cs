using System.Diagnostics;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>Programs of agents and the end of their server or their run.</summary>
public sealed class ProcessAgentTests : IAsyncLifetime
{
    // It tells in a file who it is and whom it has started, and obeys nobody.
    private const string Stubborn =
        """
        trap '' TERM HUP
        (trap '' TERM HUP; while :; do sleep 1000; done) &
        echo "$$ $!" > pids.part && mv pids.part pids
        while :; do sleep 1000; done
        """;

    private readonly ServerProcesses servers = new();
    private readonly string folder = Directory.CreateTempSubdirectory("agents-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script for a shell of Unix.");
        return new ValueTask(File.WriteAllTextAsync(Path.Combine(folder, "agents.json"), JsonSerializer.Serialize(new
        {
            agents = new[]
            {
                new { id = "stubborn", kind = "process", command = "sh", args = new[] { "-c", Stubborn }, workingDirectory = "{run_id}", killGraceSeconds = 1 },
            },
        })));
    }

    public async ValueTask DisposeAsync()
    {
        await servers.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Killed_server_takes_its_programs_along_with_all_that_they_have_started()
    {
        var (server, _, pids) = await StartAsync();

        await server.KillAsync();

        await Until.TrueAsync(() => Task.FromResult(!pids.Any(IsAlive)), Token);
    }

    [Fact]
    public async Task Cancelled_run_ends_when_its_program_is_no_more()
    {
        var (server, run, pids) = await StartAsync();

        await server.Client.PostAsync($"{run}/cancel?wait=1").EmptyAsync(System.Net.HttpStatusCode.NoContent);

        Assert.Equal("interrupted", (await server.Client.GetJsonAsync(run)).Text("status"));
        Assert.DoesNotContain(pids, IsAlive);
        Assert.DoesNotContain("is abandoned", server.Log, StringComparison.Ordinal);
    }

    private async Task<(AgentProtocol.Testing.Servers.ServerProcess Server, string Run, int[] Pids)> StartAsync()
    {
        // More grace than usual, because on a busy machine killing takes its time too.
        var server = await servers.ServeAsync($"--Agents:File={Path.Combine(folder, "agents.json")}", "--Runs:CancelGrace=00:01:00");
        var thread = await server.Client.NewThreadAsync();
        var run = (await server.Client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "stubborn", input = Protocol.Say("go") }).OkAsync()).Text("run_id");
        var pids = Path.Combine(folder, run, "pids");
        await Until.TrueAsync(() => Task.FromResult(File.Exists(pids)), Token);
        var ids = (await File.ReadAllTextAsync(pids, Token)).Split(' ').Select(int.Parse).ToArray();
        Assert.All(ids, id => Assert.True(IsAlive(id)));
        return (server, $"/threads/{thread}/runs/{run}", ids);
    }

    /// <summary>One that is dead and only not yet noted by its parent does nothing any more.</summary>
    private static bool IsAlive(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !OperatingSystem.IsLinux() || !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            return false;
        }
    }
}
