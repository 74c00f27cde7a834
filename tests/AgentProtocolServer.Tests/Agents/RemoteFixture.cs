using System.Text.Json;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Postgres;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>Two servers of this kind: <c>Near</c> has agents that are agents of <c>Far</c>.</summary>
public sealed class RemoteFixture : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private TestDatabase database = null!;

    internal GatedAgent Gated { get; } = new();

    internal TestServer Far { get; private set; } = null!;

    internal TestServer Near { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Far = await TestServer.StartAsync([ApprovalAgent.Definition, Gated.Definition], []);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[] { "echo", "approval", "gated" }.Select(id => new { id = $"far-{id}", kind = "remote", url = Far.Client.BaseAddress, assistant = id }),
        }));
        database = await TestServer.CreateDatabaseAsync();
        Near = await StartNearAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
        await database.DisposeAsync();
        File.Delete(file);
    }

    /// <summary>Stops the near server in an orderly way and starts another one in its place.</summary>
    internal async Task ReplaceNearAsync()
    {
        await Near.DisposeAsync();
        Near = await StartNearAsync();
    }

    /// <summary>What the far server knows of the runs of a near thread, newest first.</summary>
    internal async Task<List<JsonElement>> FarRunsAsync(string threadId) =>
        [.. (await Far.Client.PostAsync("/runs/search", new { metadata = new { agentprotocol_thread_id = threadId }, limit = 100 }).OkAsync()).EnumerateArray()];

    private Task<TestServer> StartNearAsync() => TestServer.StartOnAsync(database.ConnectionString, $"--Agents:File={file}", "--Runs:RetryDelay=00:00:00.05");
}
