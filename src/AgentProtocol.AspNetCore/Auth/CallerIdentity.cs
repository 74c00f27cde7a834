using System.Security.Claims;
using AgentProtocol.Engine.Access;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Who a request comes from, once it was let in.</summary>
/// <param name="Owner">Whose data it reaches.</param>
/// <param name="Key">The key it came with; null without one.</param>
/// <param name="IsAnonymous">Whether nobody has asked who it is.</param>
/// <param name="Scopes">What it may do.</param>
internal sealed record CallerIdentity(string Owner, string? Key, bool IsAnonymous, IReadOnlyList<string> Scopes)
{
    /// <summary>Scopes as tokens carry them: one claim with blanks between, or several claims.</summary>
    private const string ScopeClaim = "scope";

    private const string OwnerClaim = "agentprotocol:owner";
    private const string KeyClaim = "agentprotocol:key";

    private static readonly CallerIdentity Anybody = new(ApiKeys.DefaultOwner, Key: null, IsAnonymous: true, [AccessScopes.Admin]);

    /// <summary>The claims of a key.</summary>
    public static ClaimsPrincipal PrincipalOf(ApiKey key, string scheme) => new(new KnownCaller(
        new CallerIdentity(key.Owner, key.Prefix, IsAnonymous: false, key.Scopes),
        [new Claim(OwnerClaim, key.Owner), new Claim(KeyClaim, key.Prefix), .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope))],
        scheme));

    /// <summary>The claims of whoever calls a server without authentication.</summary>
    public static ClaimsPrincipal OpenPrincipal(string scheme) => new(new KnownCaller(
        Anybody, [new Claim(OwnerClaim, ApiKeys.DefaultOwner), new Claim(ScopeClaim, AccessScopes.Admin)], scheme));

    /// <summary>Somebody who is known to call, and may do nothing: the answer is 403 and not a wish for credentials.</summary>
    public static ClaimsPrincipal NobodyPrincipal(string scheme) => new(new ClaimsIdentity([], scheme));

    /// <summary>Reads who calls; null when the claims name no owner.</summary>
    /// <param name="user">What authentication has found.</param>
    /// <param name="ownerClaim">The claim of the host's own authentication; null for ours.</param>
    public static CallerIdentity? Of(ClaimsPrincipal user, string? ownerClaim)
    {
        if (ownerClaim is null)
        {
            return user.Identities.OfType<KnownCaller>().FirstOrDefault()?.Caller;
        }

        var owner = Claims(user, ownerClaim).FirstOrDefault();
        return string.IsNullOrWhiteSpace(owner) ? null : new CallerIdentity(owner, Key: null, IsAnonymous: false, ScopesOf(user));
    }

    /// <summary>Why this caller may not do what needs a scope; null when it may.</summary>
    public string? Lacks(string scope) => AccessScopes.Include(Scopes, scope)
        ? null
        : $"This needs the scope \"{scope}\"; the credentials have {(Scopes.Count == 0 ? "none" : string.Join(", ", Scopes))}";

    private static string[] ScopesOf(ClaimsPrincipal user) =>
        [.. Claims(user, ScopeClaim).SelectMany(claim => claim.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>Only of identities that were proved; a principal may carry others.</summary>
    private static IEnumerable<string> Claims(ClaimsPrincipal user, string type) =>
        user.Identities.Where(identity => identity.IsAuthenticated).SelectMany(identity => identity.FindAll(type)).Select(claim => claim.Value);

    /// <summary>Claims that we have made ourselves, with what they say: nobody has to read them back for every request.</summary>
    private sealed class KnownCaller(CallerIdentity caller, IEnumerable<Claim> claims, string scheme) : ClaimsIdentity(claims, scheme)
    {
        public CallerIdentity Caller => caller;
    }
}
