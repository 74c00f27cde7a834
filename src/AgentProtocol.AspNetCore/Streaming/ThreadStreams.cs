using AgentProtocol.AspNetCore.Endpoints;
using AgentProtocol.Engine.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>The one place where the edge opens the events of a thread.</summary>
internal static class ThreadStreams
{
    public static Task<ThreadStream> OpenThreadAsync(this HttpContext context, Guid threadId, ThreadStreamStart start) =>
        OpenAsync(context.RequestServices, context.Owner(), threadId, start, context.RequestAborted);

    public static Task<ThreadStream> OpenAsync(
        IServiceProvider services, string owner, Guid threadId, ThreadStreamStart start, CancellationToken cancellationToken) =>
        services.GetRequiredService<IThreadStreams>().OpenAsync(owner, threadId, start, cancellationToken);
}
