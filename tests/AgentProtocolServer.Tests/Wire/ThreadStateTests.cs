using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>State and history over HTTP (wire-contract 3.9 to 3.14).</summary>
public sealed class ThreadStateTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] Members =
    [
        "values", "messages", "next", "tasks", "metadata", "created_at", "checkpoint", "parent_checkpoint", "interrupts", "checkpoint_id",
        "parent_checkpoint_id",
    ];

    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_thread_without_state_has_every_member_empty()
    {
        var id = await client.NewThreadAsync();
        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(
            """{"values":{},"messages":[],"next":[],"tasks":[],"metadata":{},"created_at":null,"checkpoint":null,"parent_checkpoint":null,"interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null}""",
            state.GetRawText());
        Assert.Equal("[]", (await client.GetJsonAsync($"/threads/{id}/history")).GetRawText());
    }

    [Fact]
    public async Task Trap_45_the_state_of_an_unknown_thread_is_404()
    {
        var id = Guid.NewGuid();
        await client.SendAsync(HttpMethod.Get, $"/threads/{id}/state").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Get, $"/threads/{id}/history").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/{id}/history").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/{id}/state", new { values = new { } }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Traps_46_and_47_a_finished_thread_has_nothing_to_do_and_knows_its_step()
    {
        var id = await AnsweredAsync();
        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(Members, state.Members());
        Assert.Equal(("[]", "[]"), (state.GetProperty("next").GetRawText(), state.GetProperty("tasks").GetRawText()));
        var metadata = state.GetProperty("metadata");
        Assert.Equal(("loop", 1), (metadata.Text("source"), metadata.GetProperty("step").GetInt32()));
        Assert.Equal((id, Protocol.Echo, Protocol.EchoAssistant), (metadata.Text("thread_id"), metadata.Text("graph_id"), metadata.Text("assistant_id")));

        var checkpoint = state.GetProperty("checkpoint");
        Assert.Equal(["thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map"], checkpoint.Members());
        Assert.Equal((id, "", JsonValueKind.Null), (checkpoint.Text("thread_id"), checkpoint.Text("checkpoint_ns"), checkpoint.GetProperty("checkpoint_map").ValueKind));
        Assert.Equal(state.Text("checkpoint_id"), checkpoint.Text("checkpoint_id"));
    }

    [Fact]
    public async Task Values_and_protocol_messages_stand_side_by_side()
    {
        var id = await AnsweredAsync();
        var thread = await client.GetJsonAsync($"/threads/{id}");
        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(["human: hello", "ai: echo: hello"], state.GetProperty("values").Conversation());
        Assert.Equal(["user", "assistant"], state.GetProperty("messages").EnumerateArray().Select(message => message.Text("role")));
        Assert.Equal(state.GetProperty("values").GetRawText(), thread.GetProperty("values").GetRawText());
        Assert.Equal(state.GetProperty("messages").GetRawText(), thread.GetProperty("messages").GetRawText());
    }

    [Fact]
    public async Task An_update_goes_through_the_reducers_and_answers_its_checkpoint()
    {
        var id = await AnsweredAsync();
        var updated = await client.PostAsync($"/threads/{id}/state", new { values = new { messages = new[] { new { role = "user", content = "by the way" } }, note = 1 } }).OkAsync();
        Assert.Equal(["checkpoint"], updated.Members());
        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(updated.GetProperty("checkpoint").GetRawText(), state.GetProperty("checkpoint").GetRawText());
        Assert.Equal(["human: hello", "ai: echo: hello", "human: by the way"], state.GetProperty("values").Conversation());
        Assert.Equal("update", state.GetProperty("metadata").Text("source"));
    }

    [Fact]
    public async Task Trap_48_a_message_with_a_known_id_is_replaced_in_its_place()
    {
        var id = await AnsweredAsync();
        var messages = (await client.GetJsonAsync($"/threads/{id}/state")).GetProperty("values").GetProperty("messages");
        // A client that sends its whole history again, and one more message.
        var all = messages.EnumerateArray().Select(message => (object)message).Append(new { role = "user", content = "more" });
        var values = await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = new { messages = all } }).OkAsync();
        Assert.Equal(["human: hello", "ai: echo: hello", "human: more", "ai: echo: more"], values.Conversation());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task Traps_56_and_57_a_busy_thread_cannot_be_edited_also_when_its_only_run_is_delayed(int delay)
    {
        var id = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{id}/runs", new { assistant_id = "echo", input = Protocol.Say("sleep 60"), after_seconds = delay }).OkAsync();
        await client.PostAsync($"/threads/{id}/state", new { values = new { a = 1 } }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { values = new { a = 1 } }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_metadata_of_a_thread_is_patched_by_its_state_route_too()
    {
        var id = await client.NewThreadAsync();
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}/state", new { metadata = new { a = 1 } }).EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("""{"a":1}""", (await client.GetJsonAsync($"/threads/{id}")).GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task The_history_goes_from_the_answer_back_to_the_input()
    {
        var id = await AnsweredAsync();
        var history = await client.GetJsonAsync($"/threads/{id}/history");
        Assert.All(history.EnumerateArray(), state => Assert.Equal(Members, state.Members()));
        Assert.Equal(
            ["loop 1 []", "loop 0 [\"echo\"]", "input -1 [\"__start__\"]"],
            history.EnumerateArray().Select(state =>
                $"{state.GetProperty("metadata").Text("source")} {state.GetProperty("metadata").GetProperty("step")} {state.GetProperty("next").GetRawText()}"));
        Assert.Equal("{}", history[2].GetProperty("values").GetRawText());
        Assert.Equal(JsonValueKind.Null, history[2].GetProperty("parent_checkpoint").ValueKind);
        Assert.Equal(["id", "name", "path", "error", "interrupts", "checkpoint", "state", "result"], history[1].GetProperty("tasks")[0].Members());
    }

    [Fact]
    public async Task A_checkpoint_may_be_named_in_every_form()
    {
        var id = await AnsweredAsync();
        await client.AnswerAsync(id, "more");
        var history = await client.PostAsync($"/threads/{id}/history", new { limit = 100 }).OkAsync();
        Assert.Equal(6, history.GetArrayLength());
        var checkpoint = history[2].GetProperty("checkpoint");
        var checkpointId = checkpoint.Text("checkpoint_id");
        var older = history.EnumerateArray().Skip(3).Select(state => state.Text("checkpoint_id")).ToArray();

        foreach (var before in new object[] { checkpointId, checkpoint, new { configurable = new { checkpoint_id = checkpointId } } })
        {
            var page = await client.PostAsync($"/threads/{id}/history", new { before }).OkAsync();
            Assert.Equal(older, page.EnumerateArray().Select(state => state.Text("checkpoint_id")));
        }

        var queried = await client.GetJsonAsync($"/threads/{id}/history?limit=1&before={checkpointId}");
        Assert.Equal(older[..1], queried.EnumerateArray().Select(state => state.Text("checkpoint_id")));
        var byPath = await client.GetJsonAsync($"/threads/{id}/state/{checkpointId}");
        var byBody = await client.PostAsync($"/threads/{id}/state/checkpoint", new { checkpoint }).OkAsync();
        Assert.Equal((history[2].GetRawText(), history[2].GetRawText()), (byPath.GetRawText(), byBody.GetRawText()));
        await client.SendAsync(HttpMethod.Get, $"/threads/{id}/state/{Guid.NewGuid()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task The_history_is_filtered_by_metadata()
    {
        var id = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("a"), metadata = new { who = "me" } }).OkAsync();
        await client.AnswerAsync(id, "b");
        var mine = await client.PostAsync($"/threads/{id}/history", new { metadata = new { who = "me" } }).OkAsync();
        Assert.Equal(3, mine.GetArrayLength());
        var inputs = await client.PostAsync($"/threads/{id}/history", new { metadata = new { source = "input" } }).OkAsync();
        Assert.Equal(2, inputs.GetArrayLength());
    }

    [Theory]
    [InlineData("""{"values":7}""", "body.values")]
    [InlineData("""{"values":{"messages":[{"type":"remove","id":"nobody","content":""}]}}""", "body.values")]
    [InlineData("""{"checkpoint_id":"latest"}""", "body.checkpoint_id")]
    [InlineData("""{"checkpoint":{"checkpoint_id":7}}""", "body.checkpoint")]
    [InlineData("""{"checkpoint":{"checkpoint_ns":"child"}}""", "body.checkpoint.checkpoint_ns")]
    [InlineData("""{"as_node":"a\u0000"}""", "body.as_node")]
    public async Task An_update_that_cannot_be_is_422_and_named(string body, string location)
    {
        var id = await AnsweredAsync();
        var error = await client.PostAsync($"/threads/{id}/state", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.StartsWith(location, Assert.Single(error.Locations()), StringComparison.Ordinal);
    }

    private async Task<string> AnsweredAsync()
    {
        var id = await client.NewThreadAsync();
        await client.AnswerAsync(id, "hello");
        return id;
    }
}
