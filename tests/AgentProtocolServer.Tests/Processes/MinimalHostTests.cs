using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>The library in another host: <c>samples/MinimalHost</c>.</summary>
public sealed class MinimalHostTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task The_sample_host_serves_its_agent()
    {
        var database = await servers.DatabaseAsync();
        var host = servers.Add(ServerProcess.Start(
            ["--urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={TestServer.ForServer(database.ConnectionString)}"], name: "MinimalHost"));
        await host.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
        var values = await host.Client.PostAsync("/runs/wait", new { assistant_id = "hello", input = Protocol.Say("hi") }).OkAsync();
        Assert.Equal(["human: hi", "ai: Hello! I have seen 1 messages."], values.Conversation());
        Assert.Equal("hello", (await host.Client.GetJsonAsync("/agents/hello")).Text("agent_id"));
    }
}
