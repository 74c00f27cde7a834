using System.Reflection;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>Unmodified npm clients against our server; the scenarios are the files below <c>tests/clients/scenarios</c>.</summary>
public sealed class ScenarioTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    /// <summary>Scenarios that prove no route by themselves, or are not yet named by a test of their own.</summary>
    public static TheoryData<string> Others =>
    [
        .. Directory.GetFiles(Path.Combine(NodeClients.Folder, "scenarios"), "*.mjs").Select(file => Path.GetFileNameWithoutExtension(file))
            .Except(Tests().SelectMany(test => test.GetCustomAttributes<InlineDataAttribute>()).SelectMany(data => data.Data).OfType<string>()).Order(),
    ];

    [Theory]
    [InlineData("sdk-threads")]
    [Proves("POST /threads", Client.JsSdk)]
    [Proves("POST /threads/search", Client.JsSdk)]
    [Proves("POST /threads/count", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}", Client.JsSdk)]
    [Proves("PATCH /threads/{thread_id}", Client.JsSdk)]
    [Proves("DELETE /threads/{thread_id}", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/state", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/state", Client.JsSdk)]
    [Proves("PATCH /threads/{thread_id}/state", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/state/{checkpoint_id}", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/state/checkpoint", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/history", Client.JsSdk)]
    public Task The_sdk_s_threads(string scenario) => PassAsync(scenario, nameof(The_sdk_s_threads));

    [Theory]
    [InlineData("sdk-runs")]
    [Proves("POST /threads/{thread_id}/runs", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/runs", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/runs/wait", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}", Client.JsSdk)]
    [Proves("DELETE /threads/{thread_id}/runs/{run_id}", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/join", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/runs/{run_id}/cancel", Client.JsSdk)]
    [Proves("POST /runs", Client.JsSdk)]
    [Proves("POST /runs/wait", Client.JsSdk)]
    public Task The_sdk_s_runs(string scenario) => PassAsync(scenario, nameof(The_sdk_s_runs));

    [Theory]
    [InlineData("sdk-streams")]
    [Proves("POST /threads/{thread_id}/runs/stream", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/stream", Client.JsSdk)]
    [Proves("POST /runs/stream", Client.JsSdk)]
    [Proves("GET /runs/{run_id}/stream", Client.JsSdk)]
    public Task The_sdk_s_streams(string scenario) => PassAsync(scenario, nameof(The_sdk_s_streams));

    [Theory]
    [InlineData("deep-agents")]
    [Proves("POST /threads", Client.DeepAgents)]
    [Proves("POST /threads/{thread_id}/runs", Client.DeepAgents)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}", Client.DeepAgents)]
    [Proves("GET /threads/{thread_id}/state", Client.DeepAgents)]
    [Proves("POST /threads/{thread_id}/runs/{run_id}/cancel", Client.DeepAgents)]
    public Task A_deep_agents_supervisor(string scenario) => PassAsync(scenario, nameof(A_deep_agents_supervisor));

    [Theory]
    [InlineData("store")]
    [Proves("PUT /store/items", Client.JsSdk)]
    [Proves("GET /store/items", Client.JsSdk)]
    [Proves("DELETE /store/items", Client.JsSdk)]
    [Proves("POST /store/items/search", Client.JsSdk)]
    [Proves("POST /store/namespaces", Client.JsSdk)]
    public Task The_sdk_s_store(string scenario) => PassAsync(scenario, nameof(The_sdk_s_store));

    [Theory]
    [InlineData("threads")]
    [Proves("POST /threads/{thread_id}/copy", Client.JsSdk)]
    [Proves("POST /threads/prune", Client.JsSdk)]
    public Task The_sdk_s_copies_and_prunes(string scenario) => PassAsync(scenario, nameof(The_sdk_s_copies_and_prunes));

    [Theory]
    [InlineData("assistants")]
    [Proves("POST /assistants", Client.JsSdk)]
    [Proves("POST /assistants/search", Client.JsSdk)]
    [Proves("POST /assistants/count", Client.JsSdk)]
    [Proves("GET /assistants/{assistant_id}", Client.JsSdk)]
    [Proves("PATCH /assistants/{assistant_id}", Client.JsSdk)]
    [Proves("DELETE /assistants/{assistant_id}", Client.JsSdk)]
    [Proves("GET /assistants/{assistant_id}/graph", Client.JsSdk)]
    [Proves("GET /assistants/{assistant_id}/schemas", Client.JsSdk)]
    [Proves("GET /assistants/{assistant_id}/subgraphs", Client.JsSdk)]
    [Proves("GET /assistants/{assistant_id}/subgraphs/{namespace}", Client.JsSdk)]
    [Proves("POST /assistants/{assistant_id}/versions", Client.JsSdk)]
    [Proves("POST /assistants/{assistant_id}/latest", Client.JsSdk)]
    public Task The_sdk_s_assistants(string scenario) => PassAsync(scenario, nameof(The_sdk_s_assistants));

    [Theory]
    [InlineData("crons")]
    [Proves("POST /runs/crons", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/runs/crons", Client.JsSdk)]
    [Proves("PATCH /runs/crons/{cron_id}", Client.JsSdk)]
    [Proves("DELETE /runs/crons/{cron_id}", Client.JsSdk)]
    [Proves("POST /runs/crons/search", Client.JsSdk)]
    [Proves("POST /runs/crons/count", Client.JsSdk)]
    public Task The_sdk_s_crons(string scenario) => PassAsync(scenario, nameof(The_sdk_s_crons));

    [Theory]
    [InlineData("sdk-bulk")]
    [Proves("POST /runs/batch", Client.JsSdk)]
    [Proves("POST /runs/cancel", Client.JsSdk)]
    public Task The_sdk_s_bulk_runs(string scenario) => PassAsync(scenario, nameof(The_sdk_s_bulk_runs));

    [Theory]
    [InlineData("protocol-stream")]
    [Proves("GET /threads/{thread_id}/stream", Client.JsSdk)]
    [Proves("GET /threads/{thread_id}/stream/events", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/stream/events", Client.JsSdk)]
    [Proves("POST /threads/{thread_id}/commands", Client.JsSdk)]
    public Task The_sdk_s_streaming_protocol(string scenario) => PassAsync(scenario, nameof(The_sdk_s_streaming_protocol));

    [Theory]
    [MemberData(nameof(Others))]
    public Task Other_clients_are_satisfied(string scenario) => PassAsync(scenario, nameof(Other_clients_are_satisfied));

    private static IEnumerable<MethodInfo> Tests() => typeof(ScenarioTests).GetMethods().Where(method => method.IsDefined(typeof(TheoryAttribute)));

    /// <summary>The scenario is written in another language: whether it calls what its test claims, the server knows.</summary>
    private async Task PassAsync(string scenario, string test)
    {
        var url = fixture.Client.BaseAddress!.ToString().TrimEnd('/');
        fixture.Server.Routes.Take();
        var (exitCode, output) = await NodeClients.RunAsync($"scenarios/{scenario}.mjs", new Dictionary<string, string> { ["AGENT_PROTOCOL_URL"] = url });
        Assert.True(exitCode == 0, output);
        var claimed = Tests().Single(method => method.Name == test).GetCustomAttributes<ProvesAttribute>().Select(proof => proof.Route);
        Assert.Equal([], claimed.Except(fixture.Server.Routes.Take()));
    }
}
