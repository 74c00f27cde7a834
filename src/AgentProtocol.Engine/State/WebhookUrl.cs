namespace AgentProtocol.Engine.State;

/// <summary>The address that is called when a run has ended: absolute, or a path of this server (wire-contract 4.1).</summary>
internal static class WebhookUrl
{
    private const int MaxLength = 65_536;

    /// <summary>Longer names exist nowhere, and the column is in an index.</summary>
    private const int MaxHostLength = 255;

    /// <summary>What is wrong with it, as the rest of a sentence that begins with the field's name; null when nothing is.</summary>
    public static string? Problem(string url)
    {
        if (url.Length is 0 or > MaxLength)
        {
            return "must have between 1 and 65536 characters";
        }

        if (url.Any(character => character <= ' ' || character == '\u007f' || char.IsSurrogate(character)))
        {
            return "must be a URI, without blanks and control characters";
        }

        if (IsOwn(url))
        {
            return Uri.TryCreate("http://localhost" + url, UriKind.Absolute, out _) ? null : "must be a URI";
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length is 0 or > MaxHostLength)
        {
            return "must be an absolute http or https URI, or begin with /";
        }

        // No client sends them from there; who relied on it would be called without authentication.
        return uri.UserInfo.Length > 0 ? "must not contain a user name or a password" : null;
    }

    /// <summary>Whether it is a call into this server.</summary>
    public static bool IsOwn(string url) => url.StartsWith('/');

    /// <summary>The host whose deliveries share a bound; empty for this server.</summary>
    public static string HostOf(string url) => IsOwn(url) ? "" : new Uri(url).IdnHost.ToLowerInvariant();
}
