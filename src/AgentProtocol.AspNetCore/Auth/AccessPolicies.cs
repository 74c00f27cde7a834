using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>
/// The authorization policies of the server's routes, one per scope. A host may use them for routes of its own; with
/// <c>Auth:Mode=Host</c> they ask the host's authentication.
/// </summary>
public static class AccessPolicies
{
    /// <summary>Needs the scope <c>read</c>.</summary>
    public const string Read = "AgentProtocol.read";

    /// <summary>Needs the scope <c>run</c>.</summary>
    public const string Run = "AgentProtocol.run";

    /// <summary>Needs the scope <c>admin</c>.</summary>
    public const string Admin = "AgentProtocol.admin";

    internal static IEnumerable<(string Policy, string Scope)> All =>
        [(Read, AccessScopes.Read), (Run, AccessScopes.Run), (Admin, AccessScopes.Admin)];
}

/// <summary>The words with which routes say what they need. What says nothing needs everything.</summary>
internal static class AccessConventions
{
    public static TBuilder Reads<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.Needs(AccessPolicies.Read);

    public static TBuilder Runs<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.Needs(AccessPolicies.Run);

    public static TBuilder Administers<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.Needs(AccessPolicies.Admin);

    /// <summary>The scope that a route needs in the end; null for one that is open to all.</summary>
    public static string? ScopeOf(IList<object> metadata)
    {
        var policies = metadata.OfType<IAuthorizeData>().Select(data => data.Policy).ToArray();
        return metadata.OfType<IAllowAnonymous>().Any()
            ? null
            : AccessPolicies.All.LastOrDefault(known => policies.Contains(known.Policy)).Scope;
    }

    /// <summary>Closes routes for which nobody has said what they need: forgetting must not open anything.</summary>
    public static void CloseUndeclared(this IEndpointConventionBuilder routes) => routes.Finally(endpoint =>
    {
        if (!endpoint.Metadata.Any(item => item is IAuthorizeData or IAllowAnonymous))
        {
            endpoint.Metadata.Add(new AuthorizeAttribute(AccessPolicies.Admin));
        }
    });

    private static TBuilder Needs<TBuilder>(this TBuilder routes, string policy) where TBuilder : IEndpointConventionBuilder =>
        routes.RequireAuthorization(policy).WithMetadata(Refusal(StatusCodes.Status401Unauthorized), Refusal(StatusCodes.Status403Forbidden));

    private static ProducesResponseTypeMetadata Refusal(int status) => new(status, typeof(ErrorResponse), ["application/json"]);
}

/// <summary>The caller has a scope and an owner.</summary>
/// <param name="Scope">One of <see cref="AccessScopes.All"/>.</param>
internal sealed record ScopeRequirement(string Scope) : IAuthorizationRequirement;
