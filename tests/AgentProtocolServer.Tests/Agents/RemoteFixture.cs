using System.Runtime.ExceptionServices;
using System.Text.Json;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Postgres;
using AgentProtocolServer.Tests.Hosting;
using Xunit;
using Xunit.Sdk;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>Two servers of this kind: <c>Near</c> has agents that are agents of <c>Far</c>.</summary>
public sealed class RemoteFixture : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private ExceptionDispatchInfo? skip;
    private TestDatabase? database;
    private TestServer? far;
    private TestServer? near;

    internal GatedAgent Gated { get; } = new();

    internal TestServer Far => Started(far);

    internal TestServer Near => Started(near);

    public async ValueTask InitializeAsync()
    {
        try
        {
            await StartAsync();
        }
        catch (SkipException skipped)
        {
            // In a fixture xunit counts a skip as a failure; the tests themselves may skip.
            skip = ExceptionDispatchInfo.Capture(skipped);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in new IAsyncDisposable?[] { near, far, database })
        {
            await (disposable?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        File.Delete(file);
    }

    /// <summary>Stops the near server in an orderly way and starts another one in its place.</summary>
    internal async Task ReplaceNearAsync()
    {
        await Near.DisposeAsync();
        near = await StartNearAsync();
    }

    /// <summary>What the far server knows of the runs of a near thread, newest first.</summary>
    internal async Task<List<JsonElement>> FarRunsAsync(string threadId) =>
        [.. (await Far.Client.PostAsync("/runs/search", new { metadata = new { agentprotocol_thread_id = threadId }, limit = 100 }).OkAsync()).EnumerateArray()];

    private async Task StartAsync()
    {
        far = await TestServer.StartAsync([ApprovalAgent.Definition, Gated.Definition], []);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[] { "echo", "approval", "gated" }.Select(id => new { id = $"far-{id}", kind = "remote", url = far.Client.BaseAddress, assistant = id }),
        }));
        database = await TestServer.CreateDatabaseAsync();
        near = await StartNearAsync();
    }

    private TestServer Started(TestServer? server)
    {
        skip?.Throw();
        return server ?? throw new InvalidOperationException("The fixture is not initialised.");
    }

    private Task<TestServer> StartNearAsync() => TestServer.StartOnAsync(database!.ConnectionString, $"--Agents:File={file}", "--Runs:RetryDelay=00:00:00.05");
}
