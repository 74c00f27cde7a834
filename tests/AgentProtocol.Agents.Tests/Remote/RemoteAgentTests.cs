using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Http;
using static AgentProtocol.Agents.Tests.Remote.ReferenceServer;

namespace AgentProtocol.Agents.Tests.Remote;

public class RemoteAgentTests
{
    private static readonly (string Name, string Data) Metadata = ("metadata", """{"run_id":"x","attempt":1}""");
    private static readonly (string Name, string Data) Before = ("values", """{"messages":[{"type":"human","id":"h1","content":"hi","additional_kwargs":{}}],"todos":[]}""");
    private static readonly (string Name, string Data) Piece = ("messages", """[{"type":"AIMessageChunk","id":"a1","content":"Hel"},{"langgraph_node":"model"}]""");
    private static readonly (string Name, string Data) Piece2 = ("messages", """[{"type":"AIMessageChunk","id":"a1","content":[{"type":"text","text":"lo"}]},{"langgraph_node":"model"}]""");
    private static readonly (string Name, string Data) Step = ("updates", """{"model":{"messages":[]}}""");
    private static readonly (string Name, string Data) After = ("values", """{"messages":[{"type":"human","id":"h1","content":"hi","additional_kwargs":{}},{"type":"ai","id":"a1","content":"Hello","usage_metadata":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}],"todos":[]}""");
    private static readonly (string Name, string Data) Question = ("updates", """{"__interrupt__":[{"id":"q1","value":{"ask":"sure?"}}]}""");

    private static CancellationToken Token => AgentRuns.TestToken;

    [Fact]
    public async Task Events_of_the_run_there_become_events_of_ours()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("success", Metadata, Before, ("custom", "[1]"), Piece, Piece2, Step, After));

        var events = await far.Agent().EventsAsync(AgentRuns.Saying("hi"));

        Assert.Equal("[1]", Assert.IsType<AgentEvent.Custom>(events[0]).Data.GetRawText());
        Assert.Equal(new AgentEvent.MessageDelta("model", "a1", "Hel"), events[1]);
        Assert.Equal(new AgentEvent.MessageDelta("model", "a1", "lo"), events[2]);
        var update = Assert.IsType<AgentEvent.StateUpdate>(events[3]);
        Assert.Equal("model", update.Node);
        Assert.Equal(["a1"], Ids(update));
        Assert.Equal("[]", update.Update.GetProperty("todos").GetRawText());
        Assert.Equal(new AgentEvent.Usage(3, 2), events[4]);
        Assert.Equal(5, events.Count);
    }

    [Fact]
    public async Task Run_is_created_once_with_what_every_server_understands()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("success", Before, After));
        var context = AgentRuns.Saying("hi") with
        {
            Input = JsonElement.Parse("""{"messages":[{"role":"user","content":"hi"}],"callbackThreadId":"t9"}"""),
            Config = JsonElement.Parse("""{"recursion_limit":7,"configurable":{"tone":"dry","thread_id":"ours","__secret":1}}"""),
            Context = JsonElement.Parse("""{"tone":"dry"}"""),
        };

        await far.Agent("key-secret").EventsAsync(context);

        var body = Assert.Single(far.Creations);
        Assert.Equal(
            $$$"""{"assistant_id":"agent","input":{"messages":[{"type":"human","id":"h1","content":"hi"}],"callbackThreadId":"t9"},"config":{"recursion_limit":7,"configurable":{"tone":"dry"}},"metadata":{"agentprotocol_run_id":"{{{context.RunId}}}","agentprotocol_thread_id":"{{{context.ThreadId}}}"},"stream_mode":["values","updates","messages-tuple","custom"],"stream_resumable":true,"on_disconnect":"continue","if_not_exists":"create","multitask_strategy":"interrupt"}""",
            body.GetRawText());
        var creation = far.Stub.Requests.Single(request => request.Method == "POST");
        Assert.Equal("key-secret", creation.Headers["x-api-key"]);
        Assert.StartsWith(context.RunId.ToString(), creation.Headers["Idempotency-Key"], StringComparison.Ordinal);

        // The same thread and agent lead to the same thread there.
        await Assert.ThrowsAsync<AgentException>(() => far.Agent().EventsAsync(context with { RunId = Guid.CreateVersion7() }));
        Assert.Single(far.Stub.Requests.Where(request => request.Method == "POST").Select(request => request.Path).Distinct());
    }

    [Fact]
    public async Task Progress_is_asked_for_only_where_it_is_known()
    {
        await using var far = await ReferenceServer.StartAsync(Saying(
            "success", Before, ("progress", """{"percent":40,"phase":"reading","note":null,"artifacts":[{"name":"draft","content":[1]}]}"""), After));
        far.Info = """{"version":"1","flags":{"progress":true}}""";

        var events = await far.Agent().EventsAsync(AgentRuns.Saying("hi"));

        Assert.Contains("\"progress\"", Assert.Single(far.Creations).GetProperty("stream_mode").GetRawText(), StringComparison.Ordinal);
        Assert.Equal(new AgentEvent.Progress(40, "reading"), events[0]);
        Assert.Equal("draft", Assert.IsType<AgentEvent.Artifact>(events[1]).Name);
    }

    [Fact]
    public async Task Context_that_callers_gave_is_sent_instead_of_the_configurable()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("success", Before, After));

        await far.Agent().EventsAsync(AgentRuns.Saying("hi") with
        {
            Config = JsonElement.Parse("""{"configurable":{"tone":"dry"}}"""),
            Context = JsonElement.Parse("""{"user":"ann"}"""),
        });

        var body = Assert.Single(far.Creations);
        Assert.Equal(("{}", """{"user":"ann"}"""), (body.GetProperty("config").GetRawText(), body.GetProperty("context").GetRawText()));
    }

    [Fact]
    public async Task Thread_there_is_made_ours_before_a_run()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("success"));
        far.Joined = """{"messages":[]}""";
        far.State = """{"values":{"messages":[{"type":"human","id":"h1","content":"before the edit"},{"type":"ai","id":"a1","content":"newer there"},{"type":"ai","id":"gone","content":"rolled back here"}]}}""";

        await far.Agent().EventsAsync(AgentRuns.On(
            AgentRuns.Human("after the edit"),
            """{"type":"ai","id":"a1","content":"older here"}""",
            """{"type":"human","id":"h2","content":"new"}"""));

        var sent = Assert.Single(far.Creations).GetProperty("input").GetProperty("messages").EnumerateArray();
        Assert.Equal(["remove gone ", "human h1 after the edit", "human h2 new"], sent.Select(Line));
    }

    [Fact]
    public async Task Message_that_is_removed_there_is_removed_here()
    {
        await using var far = await ReferenceServer.StartAsync(Saying(
            "success", Before, ("values", """{"messages":[{"type":"ai","id":"sum","content":"He said hi"}],"todos":[]}""")));

        var events = await far.Agent().EventsAsync(AgentRuns.Saying("hi"));

        var messages = Assert.IsType<AgentEvent.StateUpdate>(Assert.Single(events)).Update.GetProperty("messages").EnumerateArray();
        Assert.Equal(["ai sum He said hi", "remove h1 "], messages.Select(Line));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_that_breaks_is_taken_up_behind_its_last_event(bool isReset)
    {
        var read = new TaskCompletionSource();
        await using var far = await ReferenceServer.StartAsync(
            async (context, run) =>
            {
                await Breaking(Metadata, Before, Piece)(context, run);
                await read.Task;
                if (isReset)
                {
                    context.Abort();
                }
            },
            async (context, run) =>
            {
                Assert.Equal("2", context.Request.Headers["Last-Event-ID"]);
                await SayAsync(context, 3, Piece2, Step, After);
                run.Status = "success";
            });
        List<AgentEvent> events = [];
        await foreach (var happened in far.Agent().RunAsync(AgentRuns.Saying("hi"), Token))
        {
            events.Add(happened);
            read.TrySetResult();
        }

        Assert.Equal("Hello", string.Concat(events.OfType<AgentEvent.MessageDelta>().Select(delta => delta.Text)));
        Assert.Equal(["a1"], Ids(Assert.Single(events.OfType<AgentEvent.StateUpdate>())));
        Assert.Single(far.Creations);
    }

    [Fact]
    public async Task Run_whose_events_are_gone_is_joined()
    {
        await using var far = await ReferenceServer.StartAsync(Breaking(Metadata, Before));
        far.Joined = After.Data;
        var agent = far.Agent();
        await using var events = agent.RunAsync(AgentRuns.Saying("hi"), Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();
        await Until.TrueAsync(() => Task.FromResult(far.Stub.Requests.Any(request => request.Path.EndsWith("/join", StringComparison.Ordinal))), Token);
        far.Runs[0].Status = "success";

        Assert.True(await next);

        Assert.Equal(["a1"], Ids(Assert.IsType<AgentEvent.StateUpdate>(events.Current)));
    }

    [Fact]
    public async Task Later_attempt_follows_the_run_of_an_earlier_one_and_repeats_no_step()
    {
        await using var far = await ReferenceServer.StartAsync(
            async (context, _) =>
            {
                await SayAsync(context, 0, Metadata, Before, Step, ("values", """{"messages":[{"type":"human","id":"h1","content":"hi"}],"count":1}"""));
                await context.UntilLeftAsync();
            },
            async (context, run) =>
            {
                Assert.Equal("-1", context.Request.Headers["Last-Event-ID"]);
                await SayAsync(context, 0, Metadata, Before, Step, ("values", """{"messages":[{"type":"human","id":"h1","content":"hi"}],"count":1}"""), Piece, After);
                run.Status = "success";
            });
        var context = AgentRuns.Saying("hi");
        await using (var first = far.Agent().RunAsync(context, Token).GetAsyncEnumerator(Token))
        {
            Assert.True(await first.MoveNextAsync());
            Assert.Equal("1", Assert.IsType<AgentEvent.StateUpdate>(first.Current).Update.GetProperty("count").GetRawText());
        }

        var events = await far.Agent().EventsAsync(context with { Attempt = 2, CompletedSteps = 1 });

        Assert.Equal(["a1"], Ids(Assert.Single(events.OfType<AgentEvent.StateUpdate>())));
        Assert.False(Assert.Single(far.Runs).IsCancelled);
    }

    [Fact]
    public async Task Run_whose_creation_was_not_answered_is_found_and_not_created_again()
    {
        await using var far = await ReferenceServer.StartAsync(
            (context, _) =>
            {
                context.Abort();
                return Task.CompletedTask;
            },
            Saying("success", Before, After));
        var context = AgentRuns.Saying("hi");

        var lost = await Assert.ThrowsAsync<AgentException>(() => far.Agent().EventsAsync(context));
        var events = await far.Agent().EventsAsync(context with { Attempt = 2 });

        Assert.True(lost.Retryable);
        Assert.Equal(["a1"], Ids(Assert.Single(events.OfType<AgentEvent.StateUpdate>())));
        Assert.Single(far.Creations);
    }

    [Theory]
    [InlineData("success")]
    [InlineData("interrupted")]
    public async Task Question_there_is_a_question_here_and_its_answer_goes_back(string status)
    {
        await using var far = await ReferenceServer.StartAsync(Saying(status, Before, Question), Saying("success", Before, After));

        var asked = Assert.IsType<AgentEvent.Interrupt>((await far.Agent().EventsAsync(AgentRuns.Saying("hi"))).Last());
        await far.Agent().EventsAsync(AgentRuns.Saying("hi") with { Interrupts = [new AgentInterrupt("q1", asked.Value, JsonElement.Parse("\"yes\""))] });

        Assert.Equal(("q1", """{"ask":"sure?"}"""), (asked.Id, asked.Value.GetRawText()));
        var resumed = far.Creations[1];
        Assert.Equal("\"yes\"", resumed.GetProperty("command").GetProperty("resume").GetRawText());
        Assert.False(resumed.TryGetProperty("input", out _));
    }

    [Fact]
    public async Task Question_that_no_event_showed_is_read_from_the_thread()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("interrupted", Before));
        far.State = """{"values":{},"tasks":[{"id":"t","interrupts":[{"id":"q1","value":1}]}]}""";

        Assert.Equal("q1", Assert.IsType<AgentEvent.Interrupt>((await far.Agent().EventsAsync(AgentRuns.Saying("hi"))).Last()).Id);
    }

    [Theory]
    [InlineData("error", "boom")]
    [InlineData("interrupted", "the run was cancelled there")]
    [InlineData("timeout", "the run took too long")]
    public async Task Run_that_fails_there_fails_here(string status, string reason)
    {
        await using var far = await ReferenceServer.StartAsync(status == "error"
            ? Saying("running", Before, After, ("error", """{"error":"ValueError","message":"boom"}"""))
            : Saying(status, Before));

        var failure = await Assert.ThrowsAsync<AgentException>(() => far.Agent().EventsAsync(AgentRuns.Saying("hi")));

        Assert.Equal(($"The agent server {far.Stub.Url.Authority} says: {reason}", false), (failure.Message, failure.Retryable));
    }

    [Fact]
    public async Task Key_that_the_server_repeats_is_not_in_the_events()
    {
        await using var far = await ReferenceServer.StartAsync(Saying(
            "success", Before, ("custom", "\"It is sk-very-secret.\""), ("values", """{"messages":[{"type":"ai","id":"a1","content":"It is sk-very-secret."}]}""")));

        var events = await far.Agent("sk-very-secret").EventsAsync(AgentRuns.Saying("hi"));

        Assert.Equal("\"It is ***.\"", Assert.IsType<AgentEvent.Custom>(events[0]).Data.GetRawText());
        Assert.Equal("It is ***.", events.OfType<AgentEvent.StateUpdate>().Single().Update.GetProperty("messages").EnumerateArray().Single(message => message.TryGetProperty("content", out var content) && content.GetString() != "").Content());
    }

    [Fact]
    public async Task Refusal_is_passed_on_without_the_key()
    {
        await using var far = await ReferenceServer.StartAsync();
        far.Refuses = _ => 404;

        var failure = await Assert.ThrowsAsync<AgentException>(() => far.Agent("ZodError").EventsAsync(AgentRuns.Saying("hi")));

        Assert.DoesNotContain("ZodError", failure.ToString(), StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }

    [Theory]
    [InlineData("cancel", true)]
    [InlineData("drain", false)]
    [InlineData("lease", false)]
    public async Task Only_a_cancel_ends_the_run_there(string cause, bool isCancelled)
    {
        await using var far = await ReferenceServer.StartAsync(async (context, _) =>
        {
            await SayAsync(context, 0, Metadata, Before, Piece);
            await context.UntilLeftAsync();
        });
        using var stop = new CancellationTokenSource();
        var context = AgentRuns.Saying("hi") with
        {
            Draining = cause == "drain" ? stop.Token : default,
            LeaseLost = cause == "lease" ? stop.Token : default,
        };
        await using var events = far.Agent().RunAsync(context, cause == "drain" ? Token : stop.Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => events.MoveNextAsync().AsTask());
        Assert.Equal(isCancelled, Assert.Single(far.Runs).IsCancelled);
    }

    private static string Line(JsonElement message) => $"{message.GetProperty("type")} {message.GetProperty("id")} {(message.TryGetProperty("content", out var content) ? content : "")}";

    private static string[] Ids(AgentEvent.StateUpdate update) =>
        [.. update.Update.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!)];
}
