using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Agents;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>What reaches an agent with a model while it works.</summary>
public sealed class LlmSteeringTests : IDisposable
{
    private readonly ScriptedChat model = new();
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task A_message_that_an_update_removes_is_not_read_any_more()
    {
        await using var server = await TestServer.StartAsync([LlmAgents.Create("clerk", model)], ["--Agents:Default=clerk"]);
        model.SaysAfter(() => gate.Task, "one").Says("two");
        var thread = await server.Client.NewThreadAsync();
        var messages = new object[] { new { role = "user", id = "h1", content = "hello" }, new { role = "user", id = "h2", content = "forget this" } };
        var run = await StartAsync(server, thread, new { messages });
        await Until.TrueAsync(() => Task.FromResult(model.Calls.Count == 1), Token);

        await TellAsync(server, thread, run, new { type = "remove", id = "h2" }, new { role = "user", id = "h3", content = "and now?" });
        gate.SetResult();
        var values = await server.Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");

        Assert.Equal(["user: hello", "assistant: one", "user: and now?"], model.Calls[1].Lines);
        Assert.Equal(["human: hello", "ai: one", "human: and now?", "ai: two"], values.Conversation());
    }

    private static async Task<string> StartAsync(TestServer server, string thread, object input) =>
        (await server.Client.PostAsync($"/threads/{thread}/runs", new { input }).OkAsync()).Text("run_id");

    private static async Task TellAsync(TestServer server, string thread, string run, params object[] messages) =>
        await server.Client.PostAsync($"/threads/{thread}/runs/{run}/updates", new { messages }).OkAsync();
}
