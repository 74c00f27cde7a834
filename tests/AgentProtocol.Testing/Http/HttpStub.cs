using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Testing.Http;

/// <summary>A server on a free loopback port that answers as the test says, and keeps what it was asked.</summary>
public sealed class HttpStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<HttpStubRequest> requests = new();

    private HttpStub(Func<HttpStubRequest, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            var request = new HttpStubRequest(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString,
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                body.Length == 0 ? default : JsonElement.Parse(body));
            requests.Enqueue(request);
            await answer(request, context);
        });
    }

    /// <summary>Where it is.</summary>
    public Uri Url => new(app.Urls.First());

    /// <summary>The requests so far, oldest first.</summary>
    public IReadOnlyList<HttpStubRequest> Requests => [.. requests];

    /// <summary>Starts a stub.</summary>
    public static async Task<HttpStub> StartAsync(Func<HttpStubRequest, HttpContext, Task> answer)
    {
        HttpStub stub = new(answer);
        await stub.app.StartAsync();
        return stub;
    }

    /// <summary>Starts a stub that always answers the same.</summary>
    public static Task<HttpStub> StartAsync(int status, string? contentType, string body) => StartAsync((_, context) => context.AnswerAsync(status, contentType, body));

    /// <inheritdoc />
    public ValueTask DisposeAsync() => app.DisposeAsync();
}

/// <summary>A request that a stub has got.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path and query.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body; undefined when it had none.</param>
public sealed record HttpStubRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, JsonElement Body);

/// <summary>Short words for answers.</summary>
public static class HttpStubAnswers
{
    /// <summary>Answers whole.</summary>
    public static Task AnswerAsync(this HttpContext context, int status, string? contentType, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return body.Length == 0 ? Task.CompletedTask : context.Response.WriteAsync(body);
    }

    /// <summary>Sends a part of the answer, now.</summary>
    public static async Task SendAsync(this HttpContext context, string part)
    {
        await context.Response.WriteAsync(part);
        await context.Response.Body.FlushAsync();
    }

    /// <summary>Waits until the client has closed the connection.</summary>
    public static async Task UntilLeftAsync(this HttpContext context)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(() => left.TrySetResult());
        await left.Task;
    }
}
