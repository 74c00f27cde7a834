using System.Text;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>
/// Marks pages that people open in a browser, which sends no header of ours: there a key may come as the password of the
/// browser's own sign-in. Nowhere else, because browsers repeat that without being asked.
/// </summary>
internal sealed class BrowserPages
{
    public static readonly BrowserPages Instance = new();

    /// <summary>Makes a browser ask for a name, which may be any, and a password.</summary>
    public const string Challenge = "Basic realm=\"Agent Protocol Server\", charset=\"UTF-8\"";

    private const string Scheme = "Basic ";

    public static bool Contain(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<BrowserPages>() is not null;

    /// <summary>The password of an <c>Authorization</c> header; null when that is none of a sign-in.</summary>
    public static string? PasswordOf(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var decoded = new byte[authorization.Length];
        return Convert.TryFromBase64String(authorization[Scheme.Length..].Trim(), decoded, out var length)
            && Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2) is [_, var password] ? password : null;
    }
}
