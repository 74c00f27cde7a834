using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>
/// What even a server without authentication refuses. A browser on its machine reaches it too, and runs the pages of
/// whoever: they can post to any address without asking first, and a name server can make their own name point here.
/// </summary>
internal sealed class OpenAccess(IConfiguration configuration)
{
    /// <summary>Read once, like the other settings.</summary>
    private readonly bool isAnyHostAllowed = configuration["AllowedHosts"] is null or "" or "*";

    /// <summary>The reason, or null when the request is let in.</summary>
    public string? Refuses(HttpContext context, CorsOptions cors)
    {
        if (context.Request.Headers.Origin is [{ Length: > 0 } origin] && !cors.Allows(origin) && !IsSameOrigin(origin, context.Request))
        {
            return $"Pages of {origin} may not use this server: name them in Cors:Origins";
        }

        return isAnyHostAllowed && context.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address)
            && !LoopbackNames.Contain(context.Request.Host.Host)
            ? $"Without authentication this server does not answer to the name {context.Request.Host.Host}: create an API key, or set AllowedHosts to the names that it may have"
            : null;
    }

    private static bool IsSameOrigin(string origin, HttpRequest request) =>
        origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
}
