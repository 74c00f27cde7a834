using AgentProtocol.Agents;
using AgentProtocol.Agents.Http;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Processes;
using AgentProtocol.Agents.Remote;
using AgentProtocol.AspNetCore;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Http;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AgentProtocolServer.Tests.Registration;

/// <summary>How an app adds agents of the kinds that the agents file knows too.</summary>
public sealed class AddAgentKindsTests
{
    private static readonly ProcessAgentOptions Program = new() { Command = "cat", Mode = ProcessMode.Plain };
    private static readonly HttpAgentOptions Service = new() { Url = new Uri("http://localhost:9/run") };
    private static readonly RemoteAgentOptions Far = new() { Url = new Uri("http://localhost:9"), Assistant = "echo" };

    /// <summary>What says nothing sensible, and the member that says it.</summary>
    public static TheoryData<string, Action<AgentProtocolBuilder>> Mistakes => new()
    {
        { "MaxTurns", agents => agents.AddChatAgent("odd", _ => new ScriptedChat(), new LlmAgentOptions { MaxTurns = 0 }) },
        { "ContextTokens", agents => agents.AddChatAgent("odd", _ => new ScriptedChat(), new LlmAgentOptions { ContextTokens = -1 }) },
        { "grace", agents => agents.AddProcessAgent("odd", Program with { KillGrace = TimeSpan.FromSeconds(-1) }) },
        { "memory", agents => agents.AddProcessAgent("odd", Program with { MemoryMb = 0 }) },
        { "Url", agents => agents.AddHttpAgent("odd", Service with { Url = new Uri("run", UriKind.Relative) }) },
        { "Silence", agents => agents.AddHttpAgent("odd", Service with { Silence = TimeSpan.Zero }) },
        { "Url", agents => agents.AddRemoteAgent("odd", Far with { Url = new Uri("ftp://localhost") }) },
        { "Silence", agents => agents.AddRemoteAgent("odd", Far with { Silence = TimeSpan.Zero }) },
        { "MaxConcurrentRuns", agents => agents.AddProcessAgent("odd", Program, agent => agent with { MaxConcurrentRuns = 0 }) },
        { "Limits", agents => agents.AddHttpAgent("odd", Service, agent => agent with { Limits = new AgentLimits(Idle: TimeSpan.Zero) }) },
        { "Retry", agents => agents.AddRemoteAgent("odd", Far, agent => agent with { Retry = new AgentRetry(0, TimeSpan.Zero) }) },
    };

    [Fact]
    public async Task Agents_of_all_kinds_run_in_the_app()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is one of Unix.");
        await using var service = await HttpStub.StartAsync(200, "text/plain", "from the service");
        await using var far = await TestServer.StartAsync();
        await using var database = await TestServer.CreateDatabaseAsync();
        await using var app = Build(
            agents => agents
                .AddChatAgent("chat", new ScriptedChat().Says("from the model"), "Be brief.")
                .AddChatAgent("described", _ => new ScriptedChat().Says("from the other model"), new LlmAgentOptions(), agent => agent with { Description = "Answers." })
                .AddProcessAgent("program", Program)
                .AddHttpAgent("service", Service with { Url = service.Url })
                .AddRemoteAgent("far", Far with { Url = far.Client.BaseAddress! }),
            TestServer.ForServer(database.ConnectionString));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()) };

        Assert.Equal("ai: from the model", await AnswerAsync(client, "chat"));
        Assert.Equal("ai: from the other model", await AnswerAsync(client, "described"));
        Assert.Equal("ai: hello", await AnswerAsync(client, "program"));
        Assert.Equal("ai: from the service", await AnswerAsync(client, "service"));
        Assert.Equal("ai: echo: hello", await AnswerAsync(client, "far"));
        Assert.Equal("Answers.", (await client.GetJsonAsync("/agents/described")).Text("description"));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Agent_that_could_never_do_anything_ends_the_start_with_one_line(string member, Action<AgentProtocolBuilder> add)
    {
        await using var app = Build(add, "Host=not.asked");

        var refusal = await Assert.ThrowsAsync<AgentConfigurationException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains(member, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("\"odd\"", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", refusal.Message, StringComparison.Ordinal);
    }

    private static WebApplication Build(Action<AgentProtocolBuilder> add, string connectionString)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={connectionString}"]);
        builder.Logging.ClearProviders();
        add(builder.Services.AddAgentProtocol(builder.Configuration));
        var app = builder.Build();
        app.UseAgentProtocol();
        app.MapAgentProtocol();
        return app;
    }

    private static async Task<string> AnswerAsync(HttpClient client, string agent) =>
        (await client.PostAsync("/runs/wait", new { assistant_id = agent, input = Protocol.Say("hello") }).OkAsync()).Conversation()[^1];
}
