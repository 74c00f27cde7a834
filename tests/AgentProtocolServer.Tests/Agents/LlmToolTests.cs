using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Agents;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.Extensions.AI;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>An agent with tools over the wire: what it stops for, and how it goes on.</summary>
public sealed class LlmToolTests : IAsyncLifetime
{
    private readonly ScriptedChat model = new();
    private TestServer server = null!;
    private int sent;

    public async ValueTask InitializeAsync()
    {
        var send = AIFunctionFactory.Create(
            (string to) =>
            {
                Interlocked.Increment(ref sent);
                return $"sent to {to}";
            },
            "send",
            "Sends a letter");
        var options = new LlmAgentOptions { Tools = [new ApprovalRequiredAIFunction(send), AIFunctionFactory.Create(() => "noon", "clock")] };
        server = await TestServer.StartAsync([LlmAgents.Create("clerk", model, options)], ["--Agents:Default=clerk"]);
    }

    public ValueTask DisposeAsync()
    {
        model.Dispose();
        return server.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_needs_approval_waits_for_it_and_is_made_once()
    {
        model.Answers(ScriptedChat.Call("c1", "clock", "{}"), ScriptedChat.Call("c2", "send", """{"to":"Ann"}""")).Says("done");
        var thread = await server.Client.NewThreadAsync();

        var asked = await WaitAsync(thread, new { input = Protocol.Say("send it") });
        var interrupt = asked.GetProperty("__interrupt__")[0];
        Assert.Equal("""[{"name":"send","args":{"to":"Ann"},"description":"Sends a letter","tool_call_id":"c2"}]""", interrupt.GetProperty("value").GetProperty("action_requests").GetRawText());
        Assert.Equal("""["tools"]""", (await server.Client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("next").GetRawText());
        Assert.Equal(0, sent);

        var done = await WaitAsync(thread, new { command = new { resume = new { decisions = new object[] { new { type = "edit", edited_action = new { name = "send", args = new { to = "Bob" } } } } } } });
        Assert.Equal(["human: send it", "ai: ", "tool: noon", "tool: sent to Bob", "ai: done"], done.Conversation());
        Assert.Equal("Bob", done.GetProperty("messages")[1].GetProperty("tool_calls")[1].GetProperty("args").Text("to"));
        Assert.Equal((1, 2), (sent, model.Calls.Count));
    }

    [Fact]
    public async Task A_run_can_be_stopped_before_its_tools()
    {
        model.CallsTool("c1", "clock", "{}").Says("It is noon.");
        var thread = await server.Client.NewThreadAsync();

        Assert.Equal(["human: time?", "ai: "], (await WaitAsync(thread, new { input = Protocol.Say("time?"), interrupt_before = new[] { "tools" } })).Conversation());
        var done = await WaitAsync(thread, new { input = (object?)null });

        Assert.Equal(["human: time?", "ai: ", "tool: noon", "ai: It is noon."], done.Conversation());
        Assert.Equal(2, model.Calls.Count);
    }

    [Fact]
    public async Task Calls_and_what_came_of_them_are_streamed()
    {
        model.Answers(ScriptedChat.Call("c1", "clock", "{}"), ScriptedChat.Call("c2", "alarm", "{}")).Says("It is noon.");

        var events = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("time?"), stream_mode = new[] { "updates", "tools" } });

        Assert.Equal(["agent", "tools", "agent"], events.Where(item => item.Name == "updates").Select(item => item.Data.Members()[0]));
        Assert.Equal(
            ["on_tool_end c1", "on_tool_error c2", "on_tool_start c1", "on_tool_start c2"],
            events.Where(item => item.Name == "tools").Select(item => $"{item.Data.Text("event")} {item.Data.Text("toolCallId")}").Order(StringComparer.Ordinal));
    }

    private async Task<System.Text.Json.JsonElement> WaitAsync(string thread, object body) =>
        await server.Client.PostAsync($"/threads/{thread}/runs/wait", body).OkAsync();
}
