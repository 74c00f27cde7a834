using System.Security.Claims;
using System.Text.Encodings.Web;
using AgentProtocol.Engine.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>
/// Recognises callers by their key, sent as <c>x-api-key</c> or as <c>Authorization: Bearer</c> (wire-contract 11.2, 13.16).
/// <c>x-auth-scheme</c> is never looked at (13.15). Without keys everybody is the same caller.
/// </summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder,
    IOptions<AuthOptions> auth, IOptions<CorsOptions> cors, OpenAccess open)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "AgentProtocol";

    /// <summary>The same for every request: most servers on a developer's machine never see another.</summary>
    private static readonly AuthenticateResult Open = Success(CallerIdentity.OpenPrincipal(SchemeName));

    private const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    /// <summary>Made only when it is asked: a server without keys has no need of it, nor has a probe.</summary>
    private KeyRing Keys => Context.RequestServices.GetRequiredService<KeyRing>();

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Probes must not depend on the database that keys are in.
        if (Context.GetEndpoint() is { } endpoint && IsAnonymous(endpoint))
        {
            return AuthenticateResult.NoResult();
        }

        if (await IsOpenAsync())
        {
            return OpenResult();
        }

        var isAsked = false;
        foreach (var credential in CredentialsOf(Request))
        {
            isAsked = true;
            if (await Keys.FindAsync(credential, Context.RequestAborted) is { } key)
            {
                return Success(CallerIdentity.PrincipalOf(key, SchemeName));
            }
        }

        Context.SetRefusal(isAsked
            ? "The API key is unknown, revoked or expired"
            : "This server wants an API key, as x-api-key or as Authorization: Bearer");
        return isAsked ? AuthenticateResult.Fail("unknown key") : AuthenticateResult.NoResult();
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = BrowserPages.Contain(Context) ? BrowserPages.Challenge : "Bearer";
        return Task.CompletedTask;
    }

    private static AuthenticateResult Success(ClaimsPrincipal caller) => AuthenticateResult.Success(new AuthenticationTicket(caller, SchemeName));

    private static bool IsAnonymous(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null || endpoint.Metadata.GetMetadata<IAuthorizeData>() is null;

    private async ValueTask<bool> IsOpenAsync() => auth.Value.Mode switch
    {
        AuthOptions.None => true,
        AuthOptions.Auto => !await Keys.HasHadKeysAsync(Context.RequestAborted),
        _ => false,
    };

    private AuthenticateResult OpenResult()
    {
        if (open.Refuses(Context, cors.Value) is { } reason)
        {
            Context.SetRefusal(reason);
            return Success(CallerIdentity.NobodyPrincipal(SchemeName));
        }

        return Open;
    }

    /// <summary>
    /// All that could be a key. SDKs send an <c>x-api-key</c> of their environment besides what their user has set, so that
    /// a wrong one must not spoil a right one.
    /// </summary>
    public static IEnumerable<string> CredentialsOf(HttpRequest request)
    {
        if (Single(request.Headers[KeyHeader]) is { } key)
        {
            yield return key;
        }

        if (Single(request.Headers[HeaderNames.Authorization]) is not { } value)
        {
            yield break;
        }

        if (value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            yield return value[Bearer.Length..].Trim();
        }
        else if (BrowserPages.Contain(request.HttpContext) && BrowserPages.PasswordOf(value) is { } password)
        {
            yield return password;
        }
    }

    private static string? Single(StringValues header) => header is [{ Length: > 0 } value] ? value : null;
}
