using AgentProtocol.Engine.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Whether who was let in once would be let in now. Connections outlive keys, and what they ask for later is a new question.</summary>
internal static class StandingAccess
{
    /// <summary>Looks at keys in memory only. A host's own authentication cannot be asked again, so its word stands.</summary>
    public static async ValueTask<bool> IsStillLetInAsync(this HttpContext context, CancellationToken cancellationToken)
    {
        var mode = context.RequestServices.GetRequiredService<IOptions<AuthOptions>>().Value.Mode;
        if (mode is AuthOptions.None or AuthOptions.Host)
        {
            return true;
        }

        var keys = context.RequestServices.GetRequiredService<KeyRing>();
        if (context.Features.Get<CallerIdentity>() is not { Key: { } prefix })
        {
            return mode == AuthOptions.Auto && !await keys.HasHadKeysAsync(cancellationToken);
        }

        foreach (var credential in KeyAuthentication.CredentialsOf(context.Request))
        {
            // Its scopes were those of one key: another that came with it does not stand in.
            if (await keys.FindAsync(credential, cancellationToken) is { } key && key.Prefix == prefix)
            {
                return true;
            }
        }

        return false;
    }
}
