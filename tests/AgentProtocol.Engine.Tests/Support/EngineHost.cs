using AgentProtocol.Agents;
using AgentProtocol.Agents.Echo;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Threads;
using AgentProtocol.Hangfire;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>A node as it runs in production, but for HTTP.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    public const string Owner = "local";

    private readonly IHost host;

    private EngineHost(IHost host) => this.host = host;

    public RunService Runs => Get<RunService>();

    public ThreadService Threads => Get<ThreadService>();

    /// <summary>Starts a node with the echo agent and returns when it has joined.</summary>
    public static Task<EngineHost> StartAsync(string connectionString, params (string Key, string Value)[] settings) =>
        StartAsync(connectionString, [EchoAgent.Definition()], settings);

    /// <summary>Starts a node with one agent and returns when it has joined.</summary>
    public static Task<EngineHost> StartAsync(string connectionString, AgentDefinition agent, params (string Key, string Value)[] settings) =>
        StartAsync(connectionString, [agent], settings);

    /// <summary>Starts a node with these agents and returns when it has joined.</summary>
    public static async Task<EngineHost> StartAsync(
        string connectionString, IReadOnlyList<AgentDefinition> agents, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Runs:Queue", (string?)"Postgres")]);
        builder.Configuration.AddInMemoryCollection(settings.Append(("ConnectionStrings:Postgres", connectionString))
            .Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2)));
        builder.Services.AddSingleton(new AgentRegistry(agents));
        builder.Services.AddAgentProtocolEngine(builder.Configuration);
        builder.Services.AddHangfireQueue(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Services.GetRequiredService<NodeSession>().Joined.WaitAsync(TestContext.Current.CancellationToken);
        return new EngineHost(host);
    }

    public T Get<T>() where T : notnull => host.Services.GetRequiredService<T>();

    public async Task<Guid> CreateThreadAsync() =>
        (await Threads.CreateAsync(Owner, new ThreadCreate(), TestContext.Current.CancellationToken)).ThreadId;

    /// <summary>Creates a run that is told this.</summary>
    public async Task<Guid> CreateRunAsync(Guid threadId, string text, string assistant = "echo")
    {
        var input = $$"""{"messages":[{"role":"user","content":{{JsonText.Quote(text)}} }]}""";
        var json = $$"""{"assistant_id":"{{assistant}}","input":{{input}} }""";
        var request = new RunCreate { AssistantId = assistant, Input = JsonText.Parse(input) };
        var created = await Runs.CreateAsync(
            Owner, new NewRun(threadId, request, new RawJson(json), RunReader.None), TestContext.Current.CancellationToken);
        return created.Run.RunId;
    }

    public Task<RunResult> WaitAsync(Guid runId) => Runs.WaitAsync(Owner, null, runId, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
