using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Lets callers in who have an owner and the scope, and notes who they are.</summary>
internal sealed class ScopeHandler(IOptions<AuthOptions> options) : AuthorizationHandler<ScopeRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
    {
        // Null where a host asks for a policy without a request; then there is nobody to tell.
        var http = context.Resource as HttpContext;
        var ownerClaim = options.Value.Mode == AuthOptions.Host ? options.Value.OwnerClaim : null;
        if (CallerIdentity.Of(context.User, ownerClaim) is not { } caller)
        {
            if (ownerClaim is not null && context.User.Identities.Any(identity => identity.IsAuthenticated))
            {
                http?.SetRefusal($"The credentials have no claim \"{ownerClaim}\", which Auth:OwnerClaim names");
            }
        }
        else if (caller.Lacks(requirement.Scope) is { } lack)
        {
            http?.SetRefusal(lack);
        }
        else
        {
            http?.Features.Set(caller);
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
