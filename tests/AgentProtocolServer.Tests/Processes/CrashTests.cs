using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>What was acknowledged survives <c>kill -9</c> (design 3, invariants 1 and 3 to 5).</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private const int Threads = 20;
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One crash, and as many more as <c>AGENTPROTOCOL_CRASH_REPETITIONS</c> says.</summary>
    public static MatrixTheoryData<int, string> Repetitions => new(Enumerable.Range(0, 1 + Number("AGENTPROTOCOL_CRASH_REPETITIONS")), Queues.All.Select(row => row.Data));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Repetitions), DisableDiscoveryEnumeration = true)]
    public async Task Every_acknowledged_run_ends_exactly_once(int repetition, string queue)
    {
        servers.Use(queue);
        var seed = Number("AGENTPROTOCOL_CRASH_SEED") is > 0 and var given ? given : Random.Shared.Next();
        Notes.Tell($"Crash test, repetition {repetition} with {queue}: AGENTPROTOCOL_CRASH_SEED={seed}");
        var random = new Random(seed);
        var first = await servers.ServeAsync();
        var finished = await FinishSomeAsync(first.Client);

        var acknowledged = new ConcurrentBag<(string ThreadId, string RunId)>();
        var threads = await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => first.Client.NewThreadAsync()));
        var plans = threads.Select((id, number) => (Id: id, Bodies: Plan(random, number))).ToArray();
        var sending = Task.WhenAll(plans.Select(plan => SendAsync(first.Client, plan.Id, plan.Bodies, acknowledged)));
        // The moment is the subject here: it is drawn, and lies anywhere between the first request and the last run's end.
        await Task.Delay(random.Next(50, 3000), Token);
        await first.KillAsync();
        await sending;
        TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged.Count} runs were acknowledged before the kill.");

        var second = await servers.ServeAsync();
        foreach (var (threadId, runId) in acknowledged)
        {
            await AssertEndedAsync(second.Client, threadId, runId);
        }

        foreach (var threadId in threads)
        {
            await AssertSettledAsync(second.Client, threadId, acknowledged.Where(run => run.ThreadId == threadId).Select(run => run.RunId));
        }

        foreach (var (threadId, run, events) in finished)
        {
            Assert.Equal(run.GetRawText(), (await second.Client.GetJsonAsync($"/threads/{threadId}/runs/{run.Text("run_id")}")).GetRawText());
            Assert.Equal(events, await second.Client.ReplayAsync(threadId, run.Text("run_id")));
        }

        Assert.Equal(0, await servers.ScalarAsync<long>("select count(*) from run_work"));
        Assert.Equal(0, await servers.ScalarAsync<long>("select count(*) from thread_heads where active_run is not null or waiting <> 0"));
    }

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task A_reader_that_comes_back_after_a_crash_misses_nothing_and_gets_nothing_twice(string queue)
    {
        servers.Use(queue);
        var first = await servers.ServeAsync();
        var threadId = await first.Client.NewThreadAsync();
        var seen = new List<SseEvent>();
        string runId;
        using (var stream = await first.Client.OpenStepsAsync(threadId, "steps 30 far"))
        {
            runId = RunLogs.RunIdOf(stream);
            await using var reading = stream.EventsAsync().GetAsyncEnumerator(Token);
            while (seen.Steps().Length < 8 && await reading.MoveNextAsync())
            {
                seen.Add(reading.Current);
            }

            await first.KillAsync();
            await RunLogs.ReadUntilBrokenAsync(reading, seen);
        }

        var second = await servers.ServeAsync();
        var rest = await second.Client.StreamAsync(
            HttpMethod.Get, $"/threads/{threadId}/runs/{runId}/stream", null, ("Last-Event-ID", seen[^1].Id!.Value.ToString(CultureInfo.InvariantCulture)));
        seen.AddRange(rest);
        RunLogs.AssertDense(seen, runId);
        Assert.Equal(await second.Client.ReplayAsync(threadId, runId), seen);
        Assert.Equal(30, seen.Steps().Distinct().Count());
        Assert.Equal(["human: steps 30 far", "ai: echo: steps 30 far"], seen.Last(item => item.Name == "values").Data.Conversation());
        Assert.Equal([1, 2], seen.Where(item => item.Name == "metadata").Select(item => item.Data.GetProperty("attempt").GetInt32()));
    }

    private static int Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Two or three runs for one thread, one behind the other, of every kind.</summary>
    private static object[] Plan(Random random, int number) =>
    [
        .. Enumerable.Range(0, 2 + (number % 2)).Select(place =>
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"t{number}r{place}");
            var text = random.Next(4) switch
            {
                0 => string.Create(CultureInfo.InvariantCulture, $"sleep 0.{random.Next(1, 9)} {name}"),
                1 => string.Create(CultureInfo.InvariantCulture, $"steps {random.Next(1, 8)} {name}"),
                _ => name,
            };
            var delay = random.Next(4) == 0 ? random.NextDouble() : 0;
            return (object)new { assistant_id = "echo", input = Protocol.Say(text), after_seconds = delay, stream_mode = new[] { "values", "custom", "updates" } };
        }),
    ];

    private static async Task SendAsync(HttpClient client, string threadId, object[] bodies, ConcurrentBag<(string ThreadId, string RunId)> acknowledged)
    {
        try
        {
            foreach (var body in bodies)
            {
                acknowledged.Add((threadId, (await client.PostAsync($"/threads/{threadId}/runs", body).OkAsync()).Text("run_id")));
            }
        }
        catch (HttpRequestException)
        {
            // Killed before it could acknowledge: this run may exist or not.
        }
    }

    private static async Task<List<(string ThreadId, JsonElement Run, List<SseEvent> Events)>> FinishSomeAsync(HttpClient client)
    {
        var finished = new List<(string, JsonElement, List<SseEvent>)>();
        foreach (var text in new[] { "one", "steps 2", "sleep 0.1" })
        {
            var threadId = await client.NewThreadAsync();
            await client.AnswerAsync(threadId, text);
            var run = (await client.GetJsonAsync($"/threads/{threadId}/runs"))[0];
            finished.Add((threadId, run, await client.ReplayAsync(threadId, run.Text("run_id"))));
        }

        return finished;
    }

    private async Task AssertEndedAsync(HttpClient client, string threadId, string runId)
    {
        var envelope = await client.GetJsonAsync($"/threads/{threadId}/runs/{runId}/wait");
        Assert.Equal("success", envelope.Text("status"));
        var text = envelope.GetProperty("run").GetProperty("input").GetProperty("messages")[0].Text("content");

        var events = await client.ReplayAsync(threadId, runId);
        RunLogs.AssertDense(events, runId);
        Assert.Equal(await servers.ScalarAsync<long>($"select max(next_number) from run_events where run_id = '{runId}'"), events.Count);
        Assert.Equal(
            await servers.ScalarAsync<long>($"select event_count from runs where run_id = '{runId}'"),
            await servers.ScalarAsync<long>($"select sum(count)::bigint from run_events where run_id = '{runId}'"));
        Assert.Equal("ai: echo: " + text, events.Last(item => item.Name == "values").Data.Conversation()[^1]);
        Assert.Single(events, item => item.Name == "updates" && item.Text.Contains("echo: ", StringComparison.Ordinal));
    }

    /// <summary>All of the thread's runs, also one that was stored but not acknowledged any more, have spoken once and in order.</summary>
    private static async Task AssertSettledAsync(HttpClient client, string threadId, IEnumerable<string> acknowledged)
    {
        var runs = await client.GetJsonAsync($"/threads/{threadId}/runs");
        foreach (var run in runs.EnumerateArray())
        {
            await client.GetJsonAsync($"/threads/{threadId}/runs/{run.Text("run_id")}/join");
        }

        Assert.Empty(acknowledged.Except(runs.EnumerateArray().Select(run => run.Text("run_id"))));
        var thread = await client.GetJsonAsync($"/threads/{threadId}");
        Assert.Equal("idle", thread.Text("status"));
        Assert.Equal(
            runs.Inputs().SelectMany(text => new[] { "human: " + text, "ai: echo: " + text }),
            runs.GetArrayLength() == 0 ? [] : thread.GetProperty("values").Conversation());
    }
}
