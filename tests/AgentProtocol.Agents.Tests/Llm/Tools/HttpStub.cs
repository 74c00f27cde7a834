using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

/// <summary>An HTTP server that answers as it was told and keeps what it was asked.</summary>
internal sealed class HttpStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<HttpStubRequest> requests = new();
    private readonly TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HttpStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Where it listens, also when it does no more.</summary>
    public string Url { get; private set; } = "";

    public IReadOnlyList<HttpStubRequest> Requests => [.. requests];

    public (int Status, string Body) Answer { get; set; } = (200, "");

    /// <summary>Whether it lets its callers wait for as long as they like.</summary>
    public bool IsSilent { get; set; }

    /// <summary>When the first request was there.</summary>
    public Task Arrived => arrived.Task;

    public static async Task<HttpStub> StartAsync()
    {
        HttpStub stub = new();
        await stub.app.StartAsync();
        stub.Url = stub.app.Urls.First();
        return stub;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body);
        requests.Enqueue(new HttpStubRequest(
            $"{context.Request.Method} {context.Features.Get<IHttpRequestFeature>()!.RawTarget}",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync(context.RequestAborted)));
        arrived.TrySetResult();
        if (IsSilent)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        context.Response.StatusCode = Answer.Status;
        await context.Response.WriteAsync(Answer.Body);
    }
}

/// <summary>A request that a stub has had.</summary>
internal sealed record HttpStubRequest(string Line, IReadOnlyDictionary<string, string> Headers, string Body);
