using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.Endpoints;
using AgentProtocol.Engine.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Accepts a WebSocket for the events and commands of a thread.</summary>
/// <param name="threadId">The thread.</param>
/// <param name="twins">Whether events repeat their id under the Agent Protocol's name.</param>
internal sealed class WebSocketResult(Guid threadId, bool twins) : IResult
{
    // Half-open connections are found out by the second: a ping goes out and no pong comes back.
    private static readonly WebSocketAcceptContext Accept = new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(15),
        KeepAliveTimeout = TimeSpan.FromSeconds(30),
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using (await httpContext.OpenThreadAsync(threadId, ThreadStreamStart.Now))
        {
            // Opened only to be refused with a status, while there is one: the thread may be somebody else's.
        }

        var services = httpContext.RequestServices;
        var owner = httpContext.Owner();
        var limits = services.GetRequiredService<RateLimits>();
        var settings = new SocketSettings(
            owner,
            threadId,
            twins,
            services.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxBodyBytes,
            httpContext.RequireScope,
            ConfigurableHeaders.Of(httpContext),
            httpContext.IsStillLetInAsync,
            () => limits.Admits(httpContext),
            (start, cancellationToken) => ThreadStreams.OpenAsync(services, owner, threadId, start, cancellationToken));
        using var socket = await httpContext.WebSockets.AcceptWebSocketAsync(Accept);
        await using var session = new WebSocketSession(
            socket,
            settings,
            services.GetRequiredService<CommandDispatcher>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<WebSocketSession>>());
        await session.RunAsync(services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    }
}
