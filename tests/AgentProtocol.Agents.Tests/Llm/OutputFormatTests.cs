using System.Text.Json;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

public class OutputFormatTests
{
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"},"people":{"type":"integer"}},"required":["city","people"],"additionalProperties":false}""";

    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();
    private readonly AgentThread thread = AgentThread.Asking("Paris?");

    private IAgent Agent => AgentThread.Agent(model, new LlmAgentOptions
    {
        Instructions = "Be exact.",
        Tools = [tools.Add],
        OutputSchema = JsonElement.Parse(Schema),
    });

    [Theory]
    [InlineData("""{"city":"Paris","people":2102650}""")]
    [InlineData("```json\n{\"city\":\"Paris\",\"people\":2102650}\n```")]
    public async Task Answer_that_satisfies_the_schema_is_a_value_of_the_state(string answer)
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says(answer);

        await thread.RunAsync(Agent);

        Assert.Equal("ai: " + answer, thread.Lines[^1]);
        Assert.Equal("""{"city":"Paris","people":2102650}""", thread.Values["structured_response"].GetRawText());
        Assert.Equal(2, model.Calls.Count);
    }

    [Fact]
    public async Task Model_is_told_the_schema_and_its_server_is_asked_to_keep_to_it()
    {
        model.Says("""{"city":"Paris","people":2}""");

        await thread.RunAsync(Agent);

        var format = Assert.IsType<ChatResponseFormatJson>(model.Calls[0].Options!.ResponseFormat);
        Assert.Equal(Schema, format.Schema!.Value.GetRawText());
        Assert.StartsWith("system: Be exact.\n\n", model.Calls[0].Lines[0], StringComparison.Ordinal);
        Assert.Contains(Schema, model.Calls[0].Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Paris has two million people.", "It is not JSON.")]
    [InlineData("""{"city":"Paris"}""", "#/people: PropertyRequired.")]
    [InlineData("""{"city":"Paris","people":2.5}""", "#/people: IntegerExpected.")]
    public async Task Answer_that_does_not_is_repaired_once(string answer, string complaint)
    {
        model.Says(answer).Says("""{"city":"Paris","people":2}""");

        await thread.RunAsync(Agent);

        Assert.Equal(["human: Paris?", "ai: " + answer, """ai: {"city":"Paris","people":2}"""], thread.Lines);
        Assert.StartsWith($"user: Your answer was not accepted: {complaint}", model.Calls[1].Lines[^1], StringComparison.Ordinal);
        Assert.Equal(2, thread.Values["structured_response"].GetProperty("people").GetInt32());
    }

    [Fact]
    public async Task Second_answer_that_does_not_fails_the_run()
    {
        model.Says("about two million").Says("""{"city":"Paris"}""");

        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(Agent));

        Assert.Equal("The model's answer does not satisfy the output schema: #/people: PropertyRequired.", failure.Message);
        Assert.DoesNotContain("structured_response", thread.Values.Keys);
    }

    [Fact]
    public async Task Repair_goes_on_after_a_crash()
    {
        model.Says("about two million").Says("lost").Says("""{"city":"Paris","people":2}""");
        var turns = 0;
        await thread.RunAsync(Agent, killedAt: happened => happened is AgentEvent.StateUpdate && turns++ == 1);

        await thread.RunAsync(Agent);

        Assert.Equal(3, model.Calls.Count);
        Assert.StartsWith("user: Your answer was not accepted", model.Calls[2].Lines[^1], StringComparison.Ordinal);
        Assert.Equal(2, thread.Values["structured_response"].GetProperty("people").GetInt32());
    }

    [Fact]
    public async Task Refusal_is_not_repaired()
    {
        model.Answers(new ErrorContent("I can't.") { ErrorCode = "Refusal" });

        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(Agent));

        Assert.Equal("The model refused to answer: I can't.", failure.Message);
    }

    [Fact]
    public void Schema_that_is_none_is_refused_at_the_start() =>
        Assert.Throws<AgentConfigurationException>(() => AgentThread.Agent(model, new LlmAgentOptions { OutputSchema = JsonElement.Parse("""{"$ref":"#/definitions/missing"}""") }));
}
