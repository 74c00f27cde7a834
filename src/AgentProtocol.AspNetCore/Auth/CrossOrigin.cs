using AgentProtocol.AspNetCore.Errors;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>What browsers are told (wire-contract 1.4).</summary>
internal static class CrossOrigin
{
    public const string Policy = "AgentProtocol";

    /// <summary>Browsers ask again after two hours at the latest, whatever they are told.</summary>
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(1);

    private static readonly string[] Exposed =
        ["content-location", "location", "x-pagination-total", "x-pagination-next", "x-request-id", "retry-after", "www-authenticate"];

    /// <summary>
    /// Any header: applications add their own to what SDKs send (<c>last-event-id</c>, <c>x-api-key</c>, <c>x-auth-scheme</c>,
    /// <c>authorization</c>, <c>content-type</c>, <c>prefer</c>). Never cookies, which the server does not use.
    /// </summary>
    public static CorsPolicy Build(CorsOptions options)
    {
        var policy = new CorsPolicyBuilder()
            .WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
            .AllowAnyHeader()
            .WithExposedHeaders(Exposed)
            .SetPreflightMaxAge(PreflightAge);
        return (options.AllowsAll ? policy.AllowAnyOrigin() : policy.SetIsOriginAllowed(options.Allows)).Build();
    }

    /// <summary>
    /// Whether a request is for us: not for a route of the host. What matches no route or method counts as ours; that is
    /// where preflights end, because no route is for <c>OPTIONS</c>.
    /// </summary>
    public static bool IsForUs(HttpContext context) =>
        context.GetEndpoint() is not RouteEndpoint route || route.Metadata.GetMetadata<ProtocolEndpoint>() is not null;
}
