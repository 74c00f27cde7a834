using System.Text.Json;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Tests.Llm.Models;
using AgentProtocol.Testing.Models;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>What an agent does, it does with the models of every provider.</summary>
public class ProviderTests
{
    private readonly TestTools tools = new();
    private readonly AgentThread thread = AgentThread.Asking("go");

    public static TheoryData<string> Providers => [.. ProviderStub.Providers];

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Calls_are_made_at_once_and_their_results_read_by_the_next_answer(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Calls(("c1", "add", """{"a":1,"b":2}"""), ("c2", "add", """{"a":3,"b":4}""")).Calls(("c3", "print", "{}")).Says("10");

        var events = await RunAsync(stub, new LlmAgentOptions { Tools = [tools.Add, TestTools.Fail] });

        Assert.Equal(
            [
                "human: go", """ai: c1=add({"a":1,"b":2}) c2=add({"a":3,"b":4})""", "tool c1 success: 3", "tool c2 success: 7", "ai: c3=print({})",
                "tool c3 error: Out of paper.", "ai: 10",
            ],
            thread.Lines);
        Assert.Equal(["c1=3", "c2=7", "c3=Out of paper."], stub.ResultsIn(stub.Requests[2]));
        var usage = events.OfType<AgentEvent.Usage>().ToList();
        Assert.Equal((33, 21), (usage.Sum(each => each.InputTokens), usage.Sum(each => each.OutputTokens)));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task History_that_is_too_long_is_shortened_once(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Calls(("c1", "read", "{}")).Overflows().Says("ok");

        var events = await RunAsync(stub, new LlmAgentOptions { Tools = [AIFunctionFactory.Create(() => new string('a', 4000), "read")] });

        Assert.Equal("ai: ok", thread.Lines[^1]);
        Assert.Equal(["c1=" + new string('a', 4000)], stub.ResultsIn(stub.Requests[1]));
        Assert.Equal(["c1=[This result of 4000 characters is left out to keep within the context limit.]"], stub.ResultsIn(stub.Requests[2]));
        Assert.Equal("""{"context_trimmed":1}""", Assert.Single(events.OfType<AgentEvent.Custom>()).Data.GetRawText());
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task History_that_stays_too_long_ends_the_run(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Overflows().Overflows();

        var failure = await Assert.ThrowsAsync<AgentException>(() => RunAsync(stub, new LlmAgentOptions()));

        Assert.StartsWith("The thread is too long for the model", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Answer_in_the_wrong_form_is_repaired(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Says("about two million").Says("""{"people":2}""");

        await RunAsync(stub, new LlmAgentOptions { OutputSchema = JsonElement.Parse("""{"type":"object","properties":{"people":{"type":"integer"}},"required":["people"],"additionalProperties":false}""") });

        Assert.StartsWith("Your answer was not accepted: It is not JSON.", ProviderStub.LastText(stub.Requests[1]), StringComparison.Ordinal);
        Assert.Equal("""{"people":2}""", thread.Values["structured_response"].GetRawText());
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Request_that_is_refused_ends_the_run_with_the_words_of_the_server(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Refuses(400, $"No such luck with {ChatModel.Key}.");

        var failure = await Assert.ThrowsAsync<AgentException>(() => RunAsync(stub, new LlmAgentOptions()));

        Assert.EndsWith(" answered 400: No such luck with ***.", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
        Assert.Single(stub.Requests);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Answer_that_was_stopped_is_asked_for_anew_and_not_gone_on_with(string provider)
    {
        await using var stub = await ProviderStub.StartAsync(provider);
        stub.Says("Once upon a time.");
        AgentThread stopped = new(AgentRuns.Human("tell"), """{"type":"ai","id":"a1","content":"Once ","response_metadata":{"finish_reason":"interrupted"}}""");

        await RunAsync(stub, new LlmAgentOptions(), stopped);

        Assert.Equal(["user", "assistant", "user"], stub.Requests[0].Messages.Select(message => message.GetProperty("role").GetString()!));
        Assert.StartsWith("Your last answer was stopped", ProviderStub.LastText(stub.Requests[0]), StringComparison.Ordinal);
        Assert.Equal("ai: Once upon a time.", stopped.Lines[^1]);
    }

    private async Task<List<AgentEvent>> RunAsync(ProviderStub stub, LlmAgentOptions options, AgentThread? on = null)
    {
        using var model = ChatModel.Create(stub.Describe("KEY"));
        return await (on ?? thread).RunAsync(LlmAgents.Create("agent", model, options).Agent);
    }
}
