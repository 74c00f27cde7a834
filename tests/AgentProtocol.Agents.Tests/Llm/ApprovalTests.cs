using System.Text.Json;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

public class ApprovalTests
{
    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();
    private readonly AgentThread thread = AgentThread.Asking("go");

    private IAgent Agent => AgentThread.Agent(model, tools.AddWithApproval, AIFunctionFactory.Create(() => "now", "clock"));

    [Fact]
    public async Task Call_that_needs_approval_is_asked_for_and_nothing_of_its_round_is_made_before()
    {
        model.Answers(ScriptedChat.Call("c1", "clock", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}"""));

        var events = await thread.RunAsync(Agent);

        Assert.Equal("tools", Assert.IsType<AgentEvent.StepStarted>(events[^2]).Node);
        Assert.Equal(
            """{"action_requests":[{"name":"add","args":{"a":1,"b":2},"description":"Adds two numbers","tool_call_id":"c2"}],"review_configs":[{"action_name":"add","allowed_decisions":["approve","edit","reject"]}]}""",
            Assert.IsType<AgentEvent.Interrupt>(events[^1]).Value.GetRawText());
        Assert.Empty(events.OfType<AgentEvent.Tool>());
        Assert.Equal(0, tools.Added);
    }

    [Theory]
    [InlineData("""{"decisions":[{"type":"approve"}]}""")]
    [InlineData("""[{"type":"approve"}]""")]
    [InlineData("""{"type":"approve"}""")]
    [InlineData("true")]
    public async Task Approved_call_is_made_once_with_all_others_of_its_round(string answer)
    {
        model.Answers(ScriptedChat.Call("c1", "clock", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}""")).Says("ok");

        await ResumeAsync(answer);

        Assert.Equal(["tool c1 success: now", "tool c2 success: 3", "ai: ok"], thread.Lines[2..]);
        Assert.Equal((1, 2), (tools.Added, model.Calls.Count));
    }

    [Theory]
    [InlineData("""{"decisions":[{"type":"reject","message":"Too dear."}]}""", "Too dear.")]
    [InlineData("""{"decisions":[{"type":"reject"}]}""", "A person has rejected this call.")]
    [InlineData("false", "A person has rejected this call.")]
    public async Task Rejected_call_is_not_made_and_the_model_is_told_why(string answer, string reason)
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("then not");

        var events = await ResumeAsync(answer);

        Assert.Equal([$"tool c1 error: {reason}", "ai: then not"], thread.Lines[2..]);
        Assert.Equal(0, tools.Added);
        Assert.Empty(events.OfType<AgentEvent.Tool>());
    }

    [Fact]
    public async Task Edited_call_is_made_as_edited_and_seen_so_by_the_model()
    {
        model.Answers(ScriptedChat.Call("c1", "clock", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}""")).Says("ok");

        await ResumeAsync("""{"decisions":[{"type":"edit","edited_action":{"name":"add","args":{"a":10,"b":20}}}]}""");

        Assert.Equal(["""ai: c1=clock({}) c2=add({"a":10,"b":20})""", "tool c1 success: now", "tool c2 success: 30", "ai: ok"], thread.Lines[1..]);
        Assert.Contains("""assistant: c1=clock({}) c2=add({"a":10,"b":20})""", model.Calls[1].Lines);
    }

    [Fact]
    public async Task Each_call_has_a_decision_of_its_own()
    {
        model.Answers(ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""), ScriptedChat.Call("c2", "add", """{"a":3,"b":4}""")).Says("ok");

        await ResumeAsync("""{"decisions":[{"type":"reject","message":"no"},{"type":"approve"}]}""");

        Assert.Equal(["tool c1 error: no", "tool c2 success: 7"], thread.Lines[2..4]);
    }

    [Theory]
    [InlineData("""{"decisions":[{"type":"approve"},{"type":"approve"}]}""", "There are 2 decisions for 1 calls")]
    [InlineData("\"yes\"", "A decision is")]
    [InlineData("""{"decisions":[{"type":"edit"}]}""", "An edit needs")]
    public async Task Answer_that_is_not_understood_is_asked_for_again_under_another_id(string answer, string problem)
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("ok");
        var first = Asked(await thread.RunAsync(Agent));

        var second = Asked(await ResumeAsync(first, answer));

        Assert.NotEqual(first.Id, second.Id);
        Assert.Contains(problem, second.Value.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, tools.Added);
        await ResumeAsync(second, "true");
        Assert.Equal((1, "ai: ok"), (tools.Added, thread.Lines[^1]));
    }

    [Fact]
    public async Task Approval_of_one_call_is_none_of_a_later_one_that_looks_the_same()
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").CallsTool("c2", "add", """{"a":1,"b":2}""");

        var events = await ResumeAsync("true");

        Assert.Equal(1, tools.Added);
        Assert.IsType<AgentEvent.Interrupt>(events[^1]);
    }

    [Fact]
    public async Task Question_that_was_not_answered_is_asked_again()
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""");
        var first = Asked(await thread.RunAsync(Agent));

        var second = Asked(await thread.RunAsync(Agent, run => run with { Interrupts = [new AgentInterrupt(first.Id!, first.Value, default)] }));

        Assert.Equal((first.Id, first.Value.GetRawText()), (second.Id, second.Value.GetRawText()));
        Assert.Equal(0, tools.Added);
    }

    private static AgentEvent.Interrupt Asked(List<AgentEvent> events) => Assert.Single(events.OfType<AgentEvent.Interrupt>());

    private async Task<List<AgentEvent>> ResumeAsync(string answer) => await ResumeAsync(Asked(await thread.RunAsync(Agent)), answer);

    private Task<List<AgentEvent>> ResumeAsync(AgentEvent.Interrupt asked, string answer) => thread.RunAsync(
        Agent, run => run with { ResumeNode = "tools", Interrupts = [new AgentInterrupt(asked.Id!, asked.Value, JsonElement.Parse(answer))] });
}
