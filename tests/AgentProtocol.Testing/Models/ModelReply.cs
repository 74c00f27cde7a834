using Microsoft.AspNetCore.Http;

namespace AgentProtocol.Testing.Models;

/// <summary>One answer of a stub of a model's server, in whatever protocol.</summary>
public abstract record ModelReply
{
    private readonly TaskCompletionSource drop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource clientLeft = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How a reply ends.</summary>
    protected enum Ending
    {
        /// <summary>As the protocol wants it.</summary>
        Done,

        /// <summary>With a broken connection.</summary>
        Dropped,

        /// <summary>Not, until the client leaves or the test drops it.</summary>
        Endless,
    }

    /// <summary>Completes when the client of an endless reply has closed the connection.</summary>
    public Task ClientLeft => clientLeft.Task;

    /// <summary>Its status.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Headers beyond the usual ones.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What is awaited before the first byte; null for nothing.</summary>
    public Func<CancellationToken, Task>? Hold { get; init; }

    /// <summary>The server-sent events, each with the blank line behind it, or the whole body of another type.</summary>
    protected IReadOnlyList<string> Frames { get; init; } = [];

    /// <summary>The type of the body.</summary>
    protected string ContentType { get; init; } = "text/event-stream";

    /// <summary>How it ends.</summary>
    protected Ending End { get; init; }

    /// <summary>Breaks the connection of an endless reply. Only a client that has read the pieces has surely got them: a reset may overtake them.</summary>
    public void Drop() => drop.TrySetResult();

    internal async Task SendAsync(HttpContext context)
    {
        if (Hold is not null)
        {
            await Hold(context.RequestAborted);
        }

        context.Response.StatusCode = Status;
        context.Response.ContentType = ContentType;
        foreach (var (name, value) in Headers)
        {
            context.Response.Headers[name] = value;
        }

        foreach (var frame in Frames)
        {
            await context.Response.WriteAsync(frame);
            await context.Response.Body.FlushAsync();
        }

        switch (End)
        {
            case Ending.Dropped:
                context.Abort();
                break;
            case Ending.Endless:
                context.RequestAborted.Register(() => clientLeft.TrySetResult());
                await Task.WhenAny(clientLeft.Task, drop.Task);
                context.Abort();
                break;
        }
    }
}
