using AgentProtocol.Testing.Models;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>Models of every provider, from their description in the agents file to the client.</summary>
public sealed class LlmProviderTests : IDisposable
{
    private const string KeyVariable = "AGENTPROTOCOL_TESTS_MODEL_KEY";
    private const string Key = "sk-very-secret";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");

    public LlmProviderTests() => Environment.SetEnvironmentVariable(KeyVariable, Key);

    public static TheoryData<string> Providers => [.. ProviderStub.Providers];

    public void Dispose() => File.Delete(file);

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_refusal_of_the_api_is_the_error_of_the_run_without_the_key(string provider)
    {
        await using var model = await ProviderStub.StartAsync(provider);
        await using var server = await StartAsync(model);
        model.Refuses(401, $"The key {Key} is not known here.");

        var thread = await server.Client.NewThreadAsync();
        var run = (await server.Client.PostAsync($"/threads/{thread}/runs", new { input = Protocol.Say("hello") }).OkAsync()).Text("run_id");
        await server.Client.WaitForStatusAsync(thread, run, "error");

        Assert.EndsWith(" answered 401: The key *** is not known here.", (await server.Client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("error"), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, server.Log, StringComparison.Ordinal);
        Assert.Single(model.Requests);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Calls_are_made_and_the_tokens_of_all_answers_are_summed_up(string provider)
    {
        await using var model = await ProviderStub.StartAsync(provider);
        await using var server = await StartAsync(model);
        model.Calls(("c1", "store_put", """{"key":"a","value":{"n":1}}"""), ("c2", "store_get", """{"key":"b"}""")).Says("done");

        var events = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("hello") });

        Assert.Equal("ai: done", events[^1].Data.Conversation()[^1]);
        Assert.Equal(2, model.ResultsIn(model.Requests[1]).Length);
        var usage = (await server.Client.GetJsonAsync($"/runs/{events[0].Data.Text("run_id")}")).GetProperty("usage");
        Assert.Equal((22, 14), (usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32()));
    }

    private async Task<TestServer> StartAsync(ProviderStub model)
    {
        await File.WriteAllTextAsync(
            file, $$"""{"agents":[{"id":"helper","kind":"llm","model":{{model.Describe(KeyVariable)}},"tools":[{"store":{"namespace":["notes"] } }] }] }""");
        return await TestServer.StartAsync($"--Agents:File={file}", "--Agents:Default=helper");
    }
}
