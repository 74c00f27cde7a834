using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Who asks. Every lookup is bound to an owner; without authentication that is always the same one.</summary>
internal static class Caller
{
    /// <summary>The owner for whom the request was let in.</summary>
    /// <exception cref="ProtocolException">Nobody has let it in: a route was opened to all that works on somebody's data.</exception>
    public static string Owner(this HttpContext context) => Identity(context).Owner;

    /// <summary>Asks for a scope that only some forms of an operation need.</summary>
    /// <exception cref="ProtocolException">The caller does not have it.</exception>
    public static void RequireScope(this HttpContext context, string scope)
    {
        if (Identity(context).Lacks(scope) is { } lack)
        {
            throw new ProtocolException(ErrorCode.Forbidden, lack);
        }
    }

    private static CallerIdentity Identity(HttpContext context) => context.Features.Get<CallerIdentity>()
        ?? throw new ProtocolException(ErrorCode.Unauthorized, "This operation works on an owner's data, and the request has no owner");
}
