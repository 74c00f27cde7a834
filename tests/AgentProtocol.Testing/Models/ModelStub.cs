using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Testing.Models;

/// <summary>
/// A server of models on a free loopback port. It answers each request with the next of the replies that the test has put into
/// it, or by a rule, and remembers what it was asked.
/// </summary>
public abstract class ModelStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ModelReply> replies = new();
    private readonly ConcurrentQueue<ChatRequest> requests = new();
    private Func<ChatRequest, ModelReply>? rule;
    private int open;

    /// <param name="route">The route that chats are posted to.</param>
    protected ModelStub(string route)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost(route, AnswerAsync);
    }

    /// <summary>The address of the server.</summary>
    public string Origin => app.Urls.First();

    /// <summary>The requests so far, oldest first.</summary>
    public IReadOnlyList<ChatRequest> Requests => [.. requests];

    /// <summary>How many requests have come in and are neither answered nor given up by their client.</summary>
    public int OpenRequests => Volatile.Read(ref open);

    /// <summary>Adds a reply behind those that are waiting.</summary>
    public void Enqueue(ModelReply reply) => replies.Enqueue(reply);

    /// <summary>Answers by a rule whenever no reply is waiting. The rule is called by many requests at once.</summary>
    public void Respond(Func<ChatRequest, ModelReply> reply) => rule = reply;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await app.DisposeAsync();
    }

    /// <summary>What is answered when the test has said nothing.</summary>
    protected abstract ModelReply Unprepared(string problem);

    /// <summary>Starts it with these replies.</summary>
    protected async Task StartAsync(IEnumerable<ModelReply> first)
    {
        foreach (var reply in first)
        {
            replies.Enqueue(reply);
        }

        await app.StartAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref open);
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
            ChatRequest request = new(
                context.Request.Path + context.Request.QueryString.ToString(),
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                body);
            requests.Enqueue(request);
            var reply = replies.TryDequeue(out var next) ? next
                : rule?.Invoke(request) ?? Unprepared("the test has put no further reply into the stub");
            await reply.SendAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left, which some tests are about.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}
