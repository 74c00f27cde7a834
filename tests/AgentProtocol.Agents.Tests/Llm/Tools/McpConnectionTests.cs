using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Agents.Llm.Tools.Mcp;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Time;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

public sealed class McpConnectionTests : IAsyncLifetime
{
    private readonly ManualTimeProvider time = new();
    private readonly ScriptedChat model = new();
    private readonly AgentThread thread = AgentThread.Asking("go");
    private AgentConnections connections = null!;
    private McpStub stub = null!;

    public async ValueTask InitializeAsync()
    {
        stub = await McpStub.StartAsync();
        connections = new AgentConnections(time);
    }

    public async ValueTask DisposeAsync()
    {
        await connections.DisposeAsync();
        await stub.DisposeAsync();
    }

    [Fact]
    public async Task Tools_of_a_server_are_offered_and_called()
    {
        model.Answers(ScriptedChat.Call("c1", "echo", """{"text":"hi"}"""), ScriptedChat.Call("c2", "fail_hard", "{}")).Says("ok");

        await thread.RunAsync(Agent());

        Assert.Equal(["echo", "fail_hard"], model.Calls[0].Options!.Tools!.Select(tool => tool.Name));
        Assert.Equal(["tool c1 success: hi\n[An image, image/png.]", "tool c2 error: Out of order.", "ai: ok"], thread.Lines[2..]);
    }

    [Fact]
    public async Task Agents_share_one_connection_which_is_opened_when_it_is_first_used()
    {
        model.CallsTool("c1", "echo", """{"text":"one"}""").Says("ok").CallsTool("c2", "echo", """{"text":"two"}""").Says("ok");
        var (first, second) = (Agent(), Agent());
        Assert.Empty(stub.Log);

        await thread.RunAsync(first);
        thread.Say("again");
        await thread.RunAsync(second);

        Assert.Equal(["open", "one", "two"], stub.Log);
    }

    [Fact]
    public async Task Server_that_was_started_again_is_asked_again()
    {
        model.CallsTool("c1", "echo", """{"text":"one"}""").Says("ok").CallsTool("c2", "echo", """{"text":"two"}""").Says("ok");
        await thread.RunAsync(Agent());
        stub.Forget();
        thread.Say("again");

        await thread.RunAsync(Agent());

        Assert.Equal("tool c2 success: two\n[An image, image/png.]", thread.Lines[^2]);
        Assert.Equal(["open", "one", "open", "two"], stub.Log.Where(line => line != "close"));
    }

    [Fact]
    public async Task Connection_that_nobody_uses_is_closed_and_opened_again_for_the_next_use()
    {
        model.CallsTool("c1", "echo", """{"text":"one"}""").Says("ok").CallsTool("c2", "echo", """{"text":"two"}""").Says("ok");
        await thread.RunAsync(Agent());
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.DoesNotContain("close", stub.Log);

        time.Advance(TimeSpan.FromMinutes(1));
        await Until.TrueAsync(() => Task.FromResult(stub.Log.Contains("close")), AgentRuns.TestToken);
        thread.Say("again");
        await thread.RunAsync(Agent());

        Assert.Equal(["open", "one", "close", "open", "two"], stub.Log);
    }

    [Fact]
    public async Task Connections_are_closed_with_the_server()
    {
        model.CallsTool("c1", "echo", """{"text":"one"}""").Says("ok");
        await thread.RunAsync(Agent());

        await connections.DisposeAsync();

        Assert.Equal(["open", "one", "close"], stub.Log);
    }

    [Fact]
    public async Task Server_that_cannot_be_reached_is_worth_another_attempt_and_asks_no_model()
    {
        await stub.DisposeAsync();

        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(Agent()));

        Assert.StartsWith("The MCP server files cannot be reached: ", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
        Assert.Empty(model.Calls);
    }

    [Fact]
    public async Task Server_that_goes_away_in_a_run_is_a_tool_that_fails()
    {
        model.SaysAfter(async () => await stub.DisposeAsync(), "let me see", ScriptedChat.Call("c1", "echo", """{"text":"one"}""")).Says("it is gone");

        await thread.RunAsync(Agent());

        Assert.StartsWith("tool c1 error: ", thread.Lines[2], StringComparison.Ordinal);
        Assert.Equal("ai: it is gone", thread.Lines[3]);
    }

    [Fact]
    public async Task Approval_of_a_tool_that_the_server_does_not_have_is_not_passed_over()
    {
        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(Agent("echoo")));

        Assert.Equal("The MCP server files has no tool \"echoo\", which requireApproval names.", failure.Message);
    }

    [Fact]
    public async Task Approval_can_be_asked_for_single_tools_of_a_server()
    {
        model.CallsTool("c1", "fail_hard", "{}");

        var events = await thread.RunAsync(Agent("fail.hard"));

        Assert.Equal("fail_hard", Assert.IsType<AgentEvent.Interrupt>(events[^1]).Value.GetProperty("action_requests")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Tools_of_several_servers_get_different_names()
    {
        model.CallsTool("c1", "other_echo", """{"text":"hi"}""").Says("ok");
        McpServer one = new() { Name = "files", Url = stub.Url }, other = new() { Name = "other", Url = new Uri(stub.Url, "/elsewhere") };
        ApprovalRule none = new(All: false, []);

        await thread.RunAsync(AgentOf(new McpTools(one, connections.To(one), none), new McpTools(other, connections.To(other), none)));

        Assert.Equal(["echo", "fail_hard", "other_echo", "other_fail_hard"], model.Calls[0].Options!.Tools!.Select(tool => tool.Name));
        Assert.Equal(2, stub.Log.Count(line => line == "open"));
    }

    private LlmAgent Agent(params string[] approved)
    {
        McpServer server = new() { Name = "files", Url = stub.Url };
        return AgentOf(new McpTools(server, connections.To(server), new ApprovalRule(All: false, approved)));
    }

    private LlmAgent AgentOf(params McpTools[] servers) => new(model, new LlmAgentOptions(), new ToolSet([], servers));
}
