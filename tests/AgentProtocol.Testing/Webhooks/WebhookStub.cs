using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Testing.Webhooks;

/// <summary>A target for webhooks on a free loopback port, which keeps what it gets.</summary>
public sealed class WebhookStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<WebhookRequest> requests = new();
    private readonly Channel<WebhookRequest> arrivals = Channel.CreateUnbounded<WebhookRequest>();
    private readonly ConcurrentQueue<int> statuses;

    private WebhookStub(IEnumerable<int> statuses)
    {
        this.statuses = new(statuses);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Where it listens, without a path.</summary>
    public Uri Url => new(app.Urls.First());

    /// <summary>The calls so far, oldest first.</summary>
    public IReadOnlyList<WebhookRequest> Requests => [.. requests];

    /// <summary>What a call meets before its answer is sent.</summary>
    public Func<HttpContext, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Starts a target that answers with these statuses, one per call, and then always with 204.</summary>
    public static async Task<WebhookStub> StartAsync(params int[] statuses)
    {
        WebhookStub stub = new(statuses);
        await stub.app.StartAsync();
        return stub;
    }

    /// <summary>The next call that was not waited for yet.</summary>
    public ValueTask<WebhookRequest> NextAsync(CancellationToken cancellationToken) => arrivals.Reader.ReadAsync(cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var request = new WebhookRequest(
            context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body);
        requests.Enqueue(request);
        arrivals.Writer.TryWrite(request);
        context.Response.StatusCode = statuses.TryDequeue(out var status) ? status : StatusCodes.Status204NoContent;
        await BeforeAnswer(context);
    }
}

/// <summary>A call that a target has got.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body.</param>
public sealed record WebhookRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);
}
