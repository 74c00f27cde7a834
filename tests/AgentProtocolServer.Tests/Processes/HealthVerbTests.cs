using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Hosting;
using AgentProtocolServer.Verbs;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary><c>agentprotocol health</c>: what a container without a shell is probed with.</summary>
public sealed class HealthVerbTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task A_ready_server_is_ready_whatever_names_it_answers_to_otherwise()
    {
        var server = await servers.ServeAsync("--AllowedHosts=agents.example.com;localhost;127.0.0.1");
        var (exitCode, probe) = await AskAsync($"http://*:{server.Client.BaseAddress!.Port}");
        Assert.True(exitCode == 0, probe.Log);
        Assert.Equal("ready", probe.Log);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_line_and_a_failure()
    {
        var (exitCode, probe) = await AskAsync("http://localhost:1");
        Assert.Equal(1, exitCode);
        Assert.Contains("http://localhost:1/health/ready does not answer", Assert.Single(probe.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8123/", "http://*:8123")]
    [InlineData("http://127.0.0.1:80/", "http://+")]
    [InlineData("http://127.0.0.1:8123/", "http://0.0.0.0:8123")]
    [InlineData("http://[::1]:8123/", "http://[::]:8123")]
    [InlineData("http://10.1.2.3:9000/", "https://*:8443", "http://10.1.2.3:9000")]
    public void It_asks_the_first_plain_address_at_this_machine(string expected, params string[] urls) =>
        Assert.Equal(new Uri(expected), HealthVerb.OwnAddress(urls));

    [Fact]
    public void Without_a_plain_address_it_says_how_to_name_one() =>
        Assert.Contains("Server:Urls", Assert.Throws<StartException>(() => HealthVerb.OwnAddress(["https://*:8443"])).Message, StringComparison.Ordinal);

    private async Task<(int ExitCode, ServerProcess Process)> AskAsync(string url)
    {
        var process = servers.Add(ServerProcess.Start(["health", $"--Server:Urls={url}"]));
        return (await process.ExitAsync(TimeSpan.FromSeconds(60), Token), process);
    }
}
