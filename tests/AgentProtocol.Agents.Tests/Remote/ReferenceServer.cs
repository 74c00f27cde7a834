using System.Collections.Concurrent;
using System.Text.Json;
using AgentProtocol.Agents.Remote;
using AgentProtocol.Testing.Http;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.Agents.Tests.Remote;

/// <summary>
/// Behaves like LangGraph's open server where remote agents meet it: nothing of ours, lists that are neither filtered nor
/// sorted, empty answers to cancels, and a thread whose questions do not show in the status of the run.
/// </summary>
internal sealed class ReferenceServer : IAsyncDisposable
{
    private readonly List<ReferenceRun> runs = [];
    private readonly ConcurrentQueue<Func<HttpContext, ReferenceRun, Task>> streams = new();

    private ReferenceServer()
    {
    }

    public HttpStub Stub { get; private set; } = null!;

    /// <summary>The runs, oldest first.</summary>
    public IReadOnlyList<ReferenceRun> Runs => runs;

    /// <summary>The state of the thread, as JSON; null when there is no such thread.</summary>
    public string? State { get; set; }

    /// <summary>The values that a join answers with.</summary>
    public string Joined { get; set; } = "{}";

    /// <summary>What it says about itself, as JSON; null when it says nothing.</summary>
    public string? Info { get; set; }

    /// <summary>What refuses a creation; null for none.</summary>
    public Func<JsonElement, int?> Refuses { get; set; } = _ => null;

    /// <summary>The bodies of the requests that created runs.</summary>
    public IReadOnlyList<JsonElement> Creations => [.. Stub.Requests.Where(request => request is { Method: "POST" } && request.Body.ValueKind == JsonValueKind.Object).Select(request => request.Body)];

    /// <summary>Starts a server whose streams are these, one for each request that asks for one.</summary>
    public static async Task<ReferenceServer> StartAsync(params Func<HttpContext, ReferenceRun, Task>[] streams)
    {
        var server = new ReferenceServer();
        foreach (var stream in streams)
        {
            server.streams.Enqueue(stream);
        }

        server.Stub = await HttpStub.StartAsync(server.AnswerAsync);
        return server;
    }

    /// <summary>Events, and then the end of the run.</summary>
    public static Func<HttpContext, ReferenceRun, Task> Saying(string status, params (string Name, string Data)[] events) => async (context, run) =>
    {
        await SayAsync(context, 0, events);
        run.Status = status;
    };

    /// <summary>Events, and then a connection that ends in the middle of one.</summary>
    public static Func<HttpContext, ReferenceRun, Task> Breaking(params (string Name, string Data)[] events) => async (context, _) =>
    {
        await SayAsync(context, 0, events);
        await context.SendAsync("event: values\ndata: {\"half");
    };

    public static async Task SayAsync(HttpContext context, int from, params (string Name, string Data)[] events)
    {
        foreach (var (name, data) in events)
        {
            await context.SendAsync($"id: {from++}\nevent: {name}\ndata: {data}\n\n");
        }
    }

    public IAgent Agent(string? key = null) =>
        RemoteAgents.Create("near", new RemoteAgentOptions { Url = Stub.Url, Assistant = "agent", ApiKey = key, Silence = TimeSpan.FromSeconds(20) }).Agent;

    /// <summary>A run that was there before.</summary>
    public ReferenceRun Add(JsonElement body, string status = "running")
    {
        var run = new ReferenceRun(Guid.CreateVersion7().ToString(), body) { Status = status };
        lock (runs)
        {
            runs.Add(run);
        }

        return run;
    }

    public ValueTask DisposeAsync() => Stub.DisposeAsync();

    private async Task AnswerAsync(HttpStubRequest request, HttpContext context)
    {
        var path = request.Path.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        await ((request.Method, path) switch
        {
            ("GET", ["info"]) when Info is { } info => context.AnswerAsync(200, "application/json", info),
            ("GET", ["threads", _, "runs"]) => context.AnswerAsync(200, "application/json", $"[{string.Join(',', runs.Select(run => run.Json))}]"),
            ("GET", ["threads", _, "state"]) when State is { } state => context.AnswerAsync(200, "application/json", state),
            ("GET", ["threads", _, "runs", var id]) when Find(id) is { } run => context.AnswerAsync(200, "application/json", run.Json),
            ("GET", ["threads", _, "runs", var id, "join"]) when Find(id) is not null => context.AnswerAsync(200, "application/json", Joined),
            ("GET", ["threads", _, "runs", var id, "stream"]) when Find(id) is { } run => StreamAsync(context, run),
            ("POST", ["threads", var thread, "runs", .. var rest]) when rest is [] or ["stream"] => CreateAsync(request, context, thread, rest.Length > 0),
            ("POST", ["threads", _, "runs", var id, "cancel"]) when Find(id) is { } run => CancelAsync(context, run),
            _ => context.AnswerAsync(404, "text/plain", "404 Not Found"),
        });
    }

    private async Task CreateAsync(HttpStubRequest request, HttpContext context, string thread, bool isStreamed)
    {
        if (Refuses(request.Body) is { } status)
        {
            await context.AnswerAsync(status, "application/json", """{"success":false,"error":{"name":"ZodError"}}""");
            return;
        }

        var run = Add(request.Body);
        context.Response.Headers["Content-Location"] = $"/threads/{thread}/runs/{run.Id}";
        await (isStreamed ? StreamAsync(context, run) : context.AnswerAsync(200, "application/json", run.Json));
    }

    private async Task StreamAsync(HttpContext context, ReferenceRun run)
    {
        if (!streams.TryDequeue(out var stream))
        {
            await context.AnswerAsync(404, "text/plain", "Run not found");
            return;
        }

        context.Response.ContentType = "text/event-stream";
        await stream(context, run);
    }

    private static Task CancelAsync(HttpContext context, ReferenceRun run)
    {
        (run.Status, run.IsCancelled) = ("interrupted", true);
        return context.AnswerAsync(202, null, "");
    }

    private ReferenceRun? Find(string id) => runs.FirstOrDefault(run => run.Id == id);
}

/// <summary>A run of the stub.</summary>
internal sealed class ReferenceRun(string id, JsonElement body)
{
    private readonly string createdAt = DateTimeOffset.UtcNow.ToString("O");

    public string Id => id;

    public string Status { get; set; } = "running";

    public bool IsCancelled { get; set; }

    public string Json => $$"""{"run_id":"{{id}}","status":"{{Status}}","created_at":"{{createdAt}}","metadata":{{body.GetProperty("metadata").GetRawText()}},"kwargs":{{body.GetRawText()}}}""";
}
