using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Clients;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.OpenApi;
using Xunit;

namespace AgentProtocolServer.Tests.Fuzz;

/// <summary>Alone, because it measures the heap of its process.</summary>
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class FuzzCollection;

/// <summary>Nothing that a client sends breaks the server, makes it slow or stays in its memory.</summary>
[Collection(nameof(FuzzTests))]
public sealed class FuzzTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int WarmUp = 2_000;
    private const int Senders = 12;
    private const long AllowedGrowth = 50 << 20;

    // Asked for is an answer within 5 s. Under twelve senders a busy machine may need longer, so what was late is asked again alone.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lost = TimeSpan.FromSeconds(60);

    // Answers hold what requests held, and more around it.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_000 };

    private readonly ConcurrentQueue<string> breaches = new();
    private readonly ConcurrentQueue<int> late = new();
    private readonly ConcurrentDictionary<int, int> statuses = new();
    private readonly KnownIds ids = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_sent_the_server_stands()
    {
        // The same requests every time, so that a failure belongs to a change; other seeds look further.
        var seed = Number("AGENTPROTOCOL_FUZZ_SEED", 1);
        var count = Number("AGENTPROTOCOL_FUZZ_REQUESTS", 20_000);
        Notes.Tell($"Fuzz test: AGENTPROTOCOL_FUZZ_SEED={seed}");
        var document = await ServedDocument.ReadAsync(fixture.Client);
        using var client = Client();

        await SendAsync(client, document, seed, 0, WarmUp);
        await SettleAsync();
        var before = Heap();
        await SendAsync(client, document, seed, WarmUp, count);
        await SettleAsync();
        var growth = await GrowthAsync(before);
        foreach (var number in late)
        {
            await SendAsync(client, document, seed, number, Late);
        }

        Notes.Tell($"Fuzz test: {string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Value} × {status.Key}"))}; {late.Count} late; heap {growth >> 10:+#;-#;0} KiB");
        Assert.True(breaches.IsEmpty, $"{breaches.Count} answers of seed {seed} are wrong, such as\n{string.Join("\n\n", breaches.Take(20))}\n{string.Join("\n", fixture.Server.Errors.Take(10))}");
        Assert.True(growth <= AllowedGrowth, $"The heap has grown by {growth >> 20} MiB.");
        Assert.Equal([], fixture.Server.Errors);
        var (exitCode, output) = await NodeClients.RunAsync(
            "scenarios/sdk-threads.mjs", new Dictionary<string, string> { ["AGENT_PROTOCOL_URL"] = fixture.Client.BaseAddress!.ToString().TrimEnd('/') });
        Assert.True(exitCode == 0, output);
    }

    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ResponseDrainTimeout = TimeSpan.Zero,
        UseCookies = false,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : fallback;

    private static long Heap()
    {
        for (var times = 0; times < 3; times++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Array pools give back what the storm has made them hold, but only after a while (a minute at most): it is waited for.</summary>
    private static async Task<long> GrowthAsync(long before)
    {
        var growth = Heap() - before;
        for (var started = Stopwatch.GetTimestamp(); growth > AllowedGrowth && Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(3); growth = Heap() - before)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Token);
        }

        return growth;
    }

    private Task SendAsync(HttpClient client, ServedDocument document, int seed, int from, int to) => Parallel.ForAsync(
        from, to, new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = Token },
        async (number, _) => await SendAsync(client, document, seed, number, Lost));

    private async Task SendAsync(HttpClient client, ServedDocument document, int seed, int number, TimeSpan limit)
    {
        // Each request has random numbers of its own: it does not depend on which sender takes it.
        var noise = new RequestNoise(fixture.Client.BaseAddress!, document, new Random(Mix(seed, number)), ids);
        var (request, shown) = noise.Next();
        using var _ = request;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(limit);
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            var body = IsOpenEnded(request, response) ? await BeginningAsync(response, deadline.Token) : await response.Content.ReadAsStringAsync(deadline.Token);
            statuses.AddOrUpdate((int)response.StatusCode, 1, (_, seen) => seen + 1);
            if (AnswerRules.Breach(request.Method, response, body) is { } breach)
            {
                breaches.Enqueue($"{breach}: {(int)response.StatusCode} {body} to request {number}: {shown}");
            }

            Learn(response, body);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            breaches.Enqueue($"no answer within {limit} to request {number}: {shown}");
        }
        catch (HttpRequestException) when (shown.Contains(" bytes: ", StringComparison.Ordinal))
        {
            // A server that refuses a body before it has read all of it may close the connection under the sender.
            statuses.AddOrUpdate(0, 1, (_, seen) => seen + 1);
        }

        if (Stopwatch.GetElapsedTime(started) > Late && limit == Lost)
        {
            late.Enqueue(number);
        }
    }

    /// <summary>Neighbouring seeds would begin with similar numbers.</summary>
    private static int Mix(int seed, int number)
    {
        var mixed = unchecked(((ulong)(uint)seed << 32 | (uint)number) * 0x9E3779B97F4A7C15UL);
        return unchecked((int)((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9UL >> 32));
    }

    /// <summary>Streams, and documents that begin before their run has ended.</summary>
    private static bool IsOpenEnded(HttpRequestMessage request, HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == "text/event-stream" || (int)response.StatusCode == 101
        || (response.IsSuccessStatusCode && request.RequestUri!.AbsolutePath.ToLowerInvariant().TrimEnd('/').Split('/')[^1] is "wait" or "join");

    /// <summary>A bit of a stream; the connection is dropped behind it.</summary>
    private static async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (response.Content.Headers.ContentType is not null)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            enough.CancelAfter(TimeSpan.FromMilliseconds(20));
            try
            {
                await stream.ReadExactlyAsync(new byte[256], enough.Token);
            }
            catch (Exception exception) when (exception is EndOfStreamException or OperationCanceledException or IOException && !cancellationToken.IsCancellationRequested)
            {
                // It has said less so far, or was erased meanwhile.
            }
        }

        return "";
    }

    private void Learn(HttpResponseMessage response, string body)
    {
        if (response.IsSuccessStatusCode && body.StartsWith('{') && response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            using var document = JsonDocument.Parse(body, Deep);
            ids.Collect(document.RootElement);
        }
    }

    /// <summary>Cancels what still runs, so that the heap holds no run.</summary>
    private Task SettleAsync() => Until.TrueAsync(
        async () =>
        {
            using var found = await fixture.Client.PostAsync("/runs/search", new { status = "pending", limit = 1000 });
            using var document = JsonDocument.Parse(await found.Content.ReadAsStringAsync(Token), Deep);
            var active = document.RootElement;
            foreach (var run in active.EnumerateArray())
            {
                using var cancelled = await fixture.Client.PostAsync($"/runs/{run.Text("run_id")}/cancel");
                Assert.True((int)cancelled.StatusCode is 204 or 404, cancelled.ToString());
            }

            return active.GetArrayLength() == 0;
        },
        Token,
        TimeSpan.FromSeconds(60));
}
