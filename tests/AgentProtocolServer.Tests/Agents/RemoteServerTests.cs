using System.Net;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Agents.Remote;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>Agents of this server that are agents of another one, which is of the same kind.</summary>
public sealed class RemoteServerTests(RemoteFixture servers) : IClassFixture<RemoteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HttpClient Near => servers.Near.Client;

    private HttpClient Far => servers.Far.Client;

    [Fact]
    public async Task A_run_is_executed_there_and_streamed_here()
    {
        var thread = await Near.NewThreadAsync();

        var events = await Near.StreamAsync(
            HttpMethod.Post,
            $"/threads/{thread}/runs/stream",
            new { assistant_id = "far-echo", input = Protocol.Say("steps 2 hello there"), stream_mode = new[] { "messages-tuple", "custom", "values", "updates" } });

        var far = Assert.Single(await servers.FarRunsAsync(thread));
        var farState = await Far.GetJsonAsync($"/threads/{far.Text("thread_id")}/state");
        Assert.Equal("echo: steps 2 hello there", string.Concat(events.Where(item => item.Name == "messages").Select(item => item.Data[0].Text("content"))));
        Assert.Equal([1, 2], events.Where(item => item.Name == "custom").Select(item => item.Data.GetProperty("step").GetInt32()));
        Assert.Equal(["human: steps 2 hello there", "ai: echo: steps 2 hello there"], events[^1].Data.Conversation());
        Assert.Equal(Ids(farState.GetProperty("values")), Ids(events[^1].Data));
        Assert.All(events.Where(item => item.Name == "updates"), item => Assert.Equal(["echo"], item.Data.Members()));
        var run = await Near.GetJsonAsync($"/threads/{thread}/runs/{events[0].Data.Text("run_id")}");
        Assert.Equal(("success", 100), (run.Text("status"), run.GetProperty("progress").GetProperty("percent").GetDouble()));
    }

    [Fact]
    public async Task The_thread_there_is_told_only_what_it_does_not_know()
    {
        var thread = await Near.NewThreadAsync();
        await RunAsync(thread, "far-echo", "one");
        var first = (await Near.GetJsonAsync($"/threads/{thread}/state")).GetProperty("values").GetProperty("messages")[0];
        await Near.PostAsync($"/threads/{thread}/state", new { values = new { messages = new[] { new { type = "human", id = first.Text("id"), content = "uno" } } } }).OkAsync();

        var values = await RunAsync(thread, "far-echo", "two");

        Assert.Equal(["human: uno", "ai: echo: one", "human: two", "ai: echo: two"], values.Conversation());
        var runs = await servers.FarRunsAsync(thread);
        Assert.Equal(["uno", "two"], runs[0].GetProperty("input").GetProperty("messages").EnumerateArray().Select(message => message.Text("content")));
        var farState = await Far.GetJsonAsync($"/threads/{runs[0].Text("thread_id")}/state");
        Assert.Equal(values.Conversation(), farState.GetProperty("values").Conversation());
    }

    [Fact]
    public async Task A_cancel_ends_the_run_there()
    {
        var (thread, run, far) = await StartAsync("far-echo", "sleep 600");

        await Near.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);

        await Far.WaitForStatusAsync(far.Text("thread_id"), far.Text("run_id"), "interrupted");
        Assert.Equal("interrupted", (await Near.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
    }

    [Fact]
    public async Task A_cancel_there_is_a_failure_here()
    {
        var (thread, run, far) = await StartAsync("far-echo", "sleep 600");

        await Far.PostAsync($"/threads/{far.Text("thread_id")}/runs/{far.Text("run_id")}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);

        await Near.WaitForStatusAsync(thread, run, "error");
        Assert.Contains("was cancelled there", (await Near.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_there_is_told_in_its_words()
    {
        var thread = await Near.NewThreadAsync();

        var result = await RunAsync(thread, "far-echo", "fail No paper");

        Assert.Equal($"The agent server {Far.BaseAddress!.Authority} says: No paper", result.GetProperty("__error__").Text("message"));
    }

    [Fact]
    public async Task A_question_there_is_asked_here_and_answered_there()
    {
        var thread = await Near.NewThreadAsync();

        var asked = await RunAsync(thread, "far-approval", "two");
        var resumed = await Near.PostAsync(
            $"/threads/{thread}/runs/wait", new { assistant_id = "far-approval", command = new { resume = new { first = "yes", second = "no" } } }).OkAsync();

        Assert.Equal(["first", "second"], asked.GetProperty("__interrupt__").EnumerateArray().Select(question => question.Text("id")));
        Assert.Equal("ai: done yes, no", resumed.Conversation()[^1]);
        Assert.Equal("yes, no", resumed.Text("approved"));
        Assert.Equal(["success", "interrupted"], (await servers.FarRunsAsync(thread)).Select(run => run.Text("status")));
        Assert.Equal("idle", (await Near.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Fact]
    public async Task An_attempt_after_a_lost_one_follows_the_same_run()
    {
        var agent = RemoteAgents.Create("agent", new RemoteAgentOptions { Url = Far.BaseAddress!, Assistant = "gated" }).Agent;
        var context = new AgentContext
        {
            RunId = Guid.CreateVersion7(),
            ThreadId = Guid.CreateVersion7(),
            AgentId = "agent",
            Attempt = 1,
            CompletedSteps = 0,
            Input = default,
            State = new AgentState([JsonSerializer.SerializeToElement(new { type = "human", id = "h1", content = "work" })], new Dictionary<string, JsonElement>()),
            Config = default,
            Context = default,
        };

        // Lost in the middle: nothing of it is ended or disposed.
        var lost = agent.RunAsync(context, Token).GetAsyncEnumerator(Token);
        Assert.True(await lost.MoveNextAsync());
        Assert.Equal("work", Assert.IsType<AgentEvent.StateUpdate>(lost.Current).Node);
        servers.Gated.Open();
        var events = await agent.RunAsync(context with { Attempt = 2, CompletedSteps = 1 }, Token).ToListAsync(Token);

        Assert.Equal("answer", Assert.Single(events.OfType<AgentEvent.StateUpdate>()).Node);
        Assert.Equal(new AgentEvent.Usage(11, 7), Assert.Single(events.OfType<AgentEvent.Usage>()));
        Assert.Equal("success", Assert.Single(await servers.FarRunsAsync(context.ThreadId.ToString())).Text("status"));
        await lost.DisposeAsync();
    }

    private static string[] Ids(JsonElement values) => [.. values.GetProperty("messages").EnumerateArray().Select(message => message.Text("id"))];

    private Task<JsonElement> RunAsync(string thread, string agent, string text) =>
        Near.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = agent, input = Protocol.Say(text) }).OkAsync();

    /// <summary>A run that is going on, here and there.</summary>
    private async Task<(string Thread, string Run, JsonElement Far)> StartAsync(string agent, string text)
    {
        var thread = await Near.NewThreadAsync();
        var run = (await Near.PostAsync($"/threads/{thread}/runs", new { assistant_id = agent, input = Protocol.Say(text) }).OkAsync()).Text("run_id");
        JsonElement far = default;
        await Until.TrueAsync(
            async () =>
            {
                var runs = await servers.FarRunsAsync(thread);
                far = runs.FirstOrDefault();
                return runs.Count == 1 && (await Far.GetJsonAsync($"/threads/{far.Text("thread_id")}/runs/{far.Text("run_id")}")).Text("status") == "running";
            },
            Token);
        return (thread, run, far);
    }
}
