using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

/// <summary>A server of the Model Context Protocol, just enough to see when connections begin and end. The tools echo and fail.</summary>
internal sealed class McpStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, bool> sessions = new();
    private readonly ConcurrentQueue<string> log = new();
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? hanging;

    private McpStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Where it listens, also when it does no more.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>What happened: <c>open</c>, <c>close</c>, and the texts that were echoed.</summary>
    public IReadOnlyList<string> Log => [.. log];

    public static async Task<McpStub> StartAsync()
    {
        McpStub stub = new();
        await stub.app.StartAsync();
        stub.Url = new Uri(stub.app.Urls.First() + "/mcp");
        return stub;
    }

    /// <summary>Ends when it has been asked something.</summary>
    public Task Asked => asked.Task;

    /// <summary>Answers nothing from now on.</summary>
    public void Hang() => hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers again, also what it was asked meanwhile.</summary>
    public void Recover() => hanging!.TrySetResult();

    /// <summary>Forgets all sessions, as a server does that is started again.</summary>
    public void Forget() => sessions.Clear();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        asked.TrySetResult();
        if (hanging is not null)
        {
            await hanging.Task.WaitAsync(context.RequestAborted);
        }

        var session = context.Request.Headers["Mcp-Session-Id"].ToString();
        if (context.Request.Method == "DELETE")
        {
            sessions.TryRemove(session, out _);
            log.Enqueue("close");
            return;
        }

        if (context.Request.Method != "POST")
        {
            context.Response.StatusCode = 405;
            return;
        }

        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        var method = (string)request["method"]!;
        if (session.Length > 0 && !sessions.ContainsKey(session))
        {
            context.Response.StatusCode = 404;
        }
        else if (request["id"] is not { } id)
        {
            context.Response.StatusCode = 202;
        }
        else
        {
            await context.Response.WriteAsJsonAsync(Answer(context, method, request) is { } result
                ? new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone(), ["result"] = result }
                : new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone(), ["error"] = new JsonObject { ["code"] = -32601, ["message"] = "Method not found" } });
        }
    }

    private JsonNode? Answer(HttpContext context, string method, JsonNode request)
    {
        switch (method)
        {
            case "initialize":
                var session = Guid.NewGuid().ToString("N");
                sessions[session] = true;
                log.Enqueue("open");
                context.Response.Headers["Mcp-Session-Id"] = session;
                return JsonNode.Parse("""{"capabilities":{"tools":{}},"serverInfo":{"name":"stub","version":"1"}}""")!.With("protocolVersion", request["params"]!["protocolVersion"]);

            case "tools/list":
                return JsonNode.Parse(
                    """{"tools":[{"name":"echo","description":"Echoes","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}},{"name":"fail.hard","inputSchema":{"type":"object"}}]}""");

            case "tools/call" when (string?)request["params"]!["name"] == "echo":
                var text = (string)request["params"]!["arguments"]!["text"]!;
                log.Enqueue(text);
                return JsonNode.Parse(JsonSerializer.Serialize(new { content = new object[] { new { type = "text", text }, new { type = "image", data = "AAAA", mimeType = "image/png" } } }));

            case "tools/call":
                return JsonNode.Parse("""{"content":[{"type":"text","text":"Out of order."}],"isError":true}""");

            default:
                return null;
        }
    }
}

file static class JsonNodes
{
    public static JsonNode With(this JsonNode node, string name, JsonNode? value)
    {
        node[name] = value?.DeepClone();
        return node;
    }
}
