using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>Which routes have answered a request with a success, as in <c>GET /threads/{thread_id}</c>.</summary>
internal sealed class RouteLog : IStartupFilter
{
    private readonly ConcurrentDictionary<string, bool> routes = new();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(inner => async context =>
        {
            // Before the end: a stream's reader may be gone long before the server notices.
            context.Response.OnStarting(() =>
            {
                Add(context);
                return Task.CompletedTask;
            });
            await inner(context);
        });
        next(app);
    };

    /// <summary>The routes since the last time.</summary>
    public string[] Take()
    {
        string[] taken = [.. routes.Keys.Order(StringComparer.Ordinal)];
        routes.Clear();
        return taken;
    }

    private void Add(HttpContext context)
    {
        if (context.Response.StatusCode < 400 && context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } pattern })
        {
            routes.TryAdd($"{context.Request.Method} /{pattern.Trim('/')}", true);
        }
    }
}
