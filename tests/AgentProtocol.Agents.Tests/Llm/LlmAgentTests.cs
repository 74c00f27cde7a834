using System.Text.Json;
using AgentProtocol.Testing.OpenAi;
using static AgentProtocol.Agents.Tests.AgentRuns;

namespace AgentProtocol.Agents.Tests.Llm;

public class LlmAgentTests
{
    [Fact]
    public async Task Answer_is_streamed_and_then_given_whole_with_what_it_cost()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("Good ", "", "mörning"));

        var events = await llm.RunAsync();

        var pieces = events.OfType<AgentEvent.MessageDelta>().ToList();
        Assert.Equal(["Good ", "mörning"], pieces.Select(piece => piece.Text));
        var answer = events.Answer();
        var id = answer.GetProperty("id").GetGuid();
        Assert.All(pieces, piece => Assert.Equal((id.ToString(), "agent"), (piece.MessageId, piece.Node)));
        Assert.Equal(
            $$$"""{"type":"ai","id":"{{{id}}}","content":"Good mörning","usage_metadata":{"input_tokens":11,"output_tokens":7,"total_tokens":18},"response_metadata":{"model_name":"stub-model-1","finish_reason":"stop"}}""",
            answer.GetRawText());
        Assert.Equal("agent", Assert.IsType<AgentEvent.StateUpdate>(events[^1]).Node);
        Assert.Equal(new AgentEvent.Usage(11, 7), events[^2]);
    }

    [Fact]
    public async Task Model_reads_the_instructions_and_then_the_whole_thread()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"), instructions: "Be brief.");

        await llm.Agent.EventsAsync(On(
            """{"type":"system","content":"The user is Ann."}""",
            """{"type":"human","content":[{"type":"text","text":"one"},{"type":"image_url"},{"type":"text","text":"two"}]}""",
            """{"type":"ai","content":"","tool_calls":[{"id":"c1","name":"add","args":{"a":1.50},"type":"tool_call"}]}""",
            """{"type":"tool","tool_call_id":"c1","content":"3"}""",
            """{"type":"ai","content":"It is 3."}""",
            """{"type":"human","content":null}"""));

        var body = Assert.Single(llm.Stub.Requests).Body;
        Assert.Equal("stub-model", body.GetProperty("model").GetString());
        Assert.True(body.GetProperty("stream").GetBoolean());
        Assert.True(body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        AssertJson(
            """
            [
              {"role":"system","content":"Be brief."},
              {"role":"system","content":"The user is Ann."},
              {"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},
              {"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1.50}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"3"},
              {"role":"assistant","content":"It is 3."},
              {"role":"user","content":""}
            ]
            """,
            body.GetProperty("messages"));
    }

    [Theory]
    [InlineData(LlmFixture.Key, "Bearer " + LlmFixture.Key)]
    [InlineData(null, "Bearer none")]
    public async Task Key_is_sent_and_a_placeholder_where_the_server_wants_none(string? key, string authorization)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"), apiKey: key);

        await llm.RunAsync();

        Assert.Equal(authorization, Assert.Single(llm.Stub.Requests).Authorization);
    }

    [Fact]
    public async Task Usage_that_is_repeated_in_every_chunk_counts_once()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(
            OpenAiReply.Usage(5, 1), OpenAiReply.Piece("a"), OpenAiReply.Usage(5, 2), OpenAiReply.Finish("length"), OpenAiReply.Usage(5, 3)));

        var events = await llm.RunAsync();

        Assert.Equal([new AgentEvent.Usage(5, 3)], events.OfType<AgentEvent.Usage>());
        Assert.Equal("length", events.Answer().GetProperty("response_metadata").GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Answer_without_usage_claims_none()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(OpenAiReply.Piece("a"), OpenAiReply.Finish("stop")));

        var events = await llm.RunAsync();

        Assert.Empty(events.OfType<AgentEvent.Usage>());
        Assert.False(events.Answer().TryGetProperty("usage_metadata", out _));
    }

    [Fact]
    public async Task Refusal_is_the_answer_and_marked_as_one()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(
            OpenAiReply.Refusal("I can't "), OpenAiReply.Refusal("help."), OpenAiReply.Finish("stop")));

        var events = await llm.RunAsync();

        Assert.Equal("I can't help.", events.Answer().Content());
        Assert.Equal("I can't help.", events.Answer().GetProperty("additional_kwargs").GetProperty("refusal").GetString());
        Assert.Equal(["I can't ", "help."], events.OfType<AgentEvent.MessageDelta>().Select(piece => piece.Text));
    }

    [Fact]
    public async Task Answer_that_an_earlier_attempt_has_given_is_not_repeated()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"));

        Assert.Empty(await llm.Agent.EventsAsync(On(Human("hello"), """{"type":"ai","id":"a1","content":"hi"}""") with { Attempt = 2, CompletedSteps = 1 }));
        Assert.Empty(llm.Stub.Requests);
    }

    [Fact]
    public async Task Draining_server_begins_no_call()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"));
        CancellationToken drained = new(canceled: true);

        var stopped = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => llm.Agent.EventsAsync(Saying("hello") with { Draining = drained }));

        Assert.Equal(drained, stopped.CancellationToken);
        Assert.Empty(llm.Stub.Requests);
    }

    [Fact(Timeout = 10_000)]
    public async Task Cancelled_run_closes_the_connection_to_its_model()
    {
        var reply = OpenAiReply.Endless("Once upon ");
        await using var llm = await LlmFixture.StartAsync(reply);
        using CancellationTokenSource cancel = new();
        await using var events = llm.Agent.RunAsync(Saying("hello"), cancel.Token).GetAsyncEnumerator(TestToken);
        Assert.True(await events.MoveNextAsync());
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync().AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await reply.ClientLeft.WaitAsync(TimeSpan.FromSeconds(10), TestToken);
    }

    private static void AssertJson(string expected, JsonElement actual) => Assert.True(
        JsonElement.DeepEquals(JsonElement.Parse(expected), actual), $"Unexpected JSON: {actual.GetRawText()}");
}
