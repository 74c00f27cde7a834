using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Testing.OpenAi;

/// <summary>
/// A server that speaks OpenAI's streaming chat completions on a free loopback port, and answers each request with the next
/// of the replies that the test has put into it.
/// </summary>
public sealed class OpenAiStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<OpenAiReply> replies = new();
    private readonly ConcurrentQueue<OpenAiRequest> requests = new();
    private int open;

    private OpenAiStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/v1/chat/completions", AnswerAsync);
    }

    /// <summary>What a client is configured with.</summary>
    public string BaseUrl => app.Urls.First() + "/v1";

    /// <summary>The requests so far, oldest first.</summary>
    public IReadOnlyList<OpenAiRequest> Requests => [.. requests];

    /// <summary>How many requests have come in and are neither answered nor given up by their client.</summary>
    public int OpenRequests => Volatile.Read(ref open);

    /// <summary>Starts a stub that gives these replies, one per request.</summary>
    public static async Task<OpenAiStub> StartAsync(params OpenAiReply[] replies)
    {
        OpenAiStub stub = new();
        foreach (var reply in replies)
        {
            stub.replies.Enqueue(reply);
        }

        await stub.app.StartAsync();
        return stub;
    }

    /// <summary>Adds a reply behind those that are waiting.</summary>
    public void Enqueue(OpenAiReply reply) => replies.Enqueue(reply);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref open);
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
            requests.Enqueue(new OpenAiRequest(context.Request.Headers.Authorization.ToString(), body));
            var reply = replies.TryDequeue(out var next) ? next : OpenAiReply.Refusing(501, "the test has put no further reply into the stub");
            await reply.SendAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}

/// <summary>A request that the stub has got.</summary>
/// <param name="Authorization">Its authorization header.</param>
/// <param name="Body">Its body.</param>
public sealed record OpenAiRequest(string Authorization, JsonElement Body);
