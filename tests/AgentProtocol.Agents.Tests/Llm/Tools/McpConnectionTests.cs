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
    public async Task Connection_that_nobody_uses_is_forgotten()
    {
        model.Says("ok");
        await thread.RunAsync(Agent());
        Assert.Equal(1, connections.Mcp.Count);

        time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(0, connections.Mcp.Count);
    }

    [Fact]
    public async Task Server_that_does_not_answer_fails_all_who_wait_for_it_at_once()
    {
        stub.Hang();
        var waiting = Enumerable.Range(0, 3).Select(_ => connections.Mcp.ListAsync(Server, AgentRuns.TestToken)).ToList();
        await stub.Asked.WaitAsync(AgentRuns.TestToken);
        Assert.All(waiting, wait => Assert.False(wait.IsCompleted));

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.All(
            await Task.WhenAll(waiting.Select(wait => Assert.ThrowsAsync<ToolException>(() => wait).WaitAsync(AgentRuns.TestToken))),
            failure => Assert.Equal("The MCP server files was not ready within 60 seconds", failure.Message));
        Assert.Equal(0, connections.Mcp.Count);
    }

    [Fact]
    public async Task Run_that_gives_up_waiting_holds_up_no_other()
    {
        using CancellationTokenSource cancelled = new();
        stub.Hang();
        var first = connections.Mcp.ListAsync(Server, cancelled.Token);
        var second = connections.Mcp.ListAsync(Server, AgentRuns.TestToken);
        await stub.Asked.WaitAsync(AgentRuns.TestToken);

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        stub.Recover();

        Assert.Equal(2, (await second).Count);
    }

    [Fact]
    public async Task Nothing_is_opened_after_the_end_and_nobody_goes_on_waiting()
    {
        stub.Hang();
        var waiting = connections.Mcp.ListAsync(Server, AgentRuns.TestToken);
        await stub.Asked.WaitAsync(AgentRuns.TestToken);

        await connections.DisposeAsync();

        Assert.Contains("is not waited for any more", (await Assert.ThrowsAsync<ToolException>(() => waiting)).Message, StringComparison.Ordinal);
        Assert.Contains("this server shuts down", (await Assert.ThrowsAsync<ToolException>(() => connections.Mcp.ListAsync(Server, AgentRuns.TestToken))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_that_a_server_repeats_is_not_passed_on()
    {
        model.CallsTool("c1", "echo", """{"text":"It is sk-very-secret."}""").Says("ok");

        await thread.RunAsync(Agent());

        Assert.Equal("tool c1 success: It is ***.\n[An image, image/png.]", thread.Lines[2]);
    }

    [Fact]
    public async Task Last_words_of_a_program_are_told_without_secrets()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script for a shell of Unix.");
        McpServer program = new() { Name = "program", Command = "sh", Arguments = ["-c", "echo refused: sk-very-secret >&2; exit 3"] };

        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(AgentOf(
            new McpTools(program, connections.Mcp, new ApprovalRule(All: false, []), new Secrets("sk-very-secret")))));

        Assert.Contains("refused: ***", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
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

        await thread.RunAsync(AgentOf(new McpTools(one, connections.Mcp, none, new Secrets()), new McpTools(other, connections.Mcp, none, new Secrets())));

        Assert.Equal(["echo", "fail_hard", "other_echo", "other_fail_hard"], model.Calls[0].Options!.Tools!.Select(tool => tool.Name));
        Assert.Equal(2, stub.Log.Count(line => line == "open"));
    }

    private McpServer Server => new() { Name = "files", Url = stub.Url };

    private LlmAgent Agent(params string[] approved) =>
        AgentOf(new McpTools(Server, connections.Mcp, new ApprovalRule(All: false, approved), new Secrets("sk-very-secret")));

    private LlmAgent AgentOf(params McpTools[] servers) => new(model, new LlmAgentOptions(), new ToolSet([], servers));
}
