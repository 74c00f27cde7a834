using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>Where this server itself is reached, for webhooks that begin with <c>/</c>.</summary>
/// <param name="bound">The addresses that the web server listens on; known once it has started.</param>
/// <param name="options">A configured address wins.</param>
public sealed class OwnAddress(Func<IEnumerable<string>> bound, IOptions<WebhookOptions> options)
{
    /// <summary>The absolute address of a path of this server; null while it is not known.</summary>
    public Uri? Resolve(string path) => Find() is { } url ? new Uri(url.TrimEnd('/') + path) : null;

    private string? Find() => !string.IsNullOrEmpty(options.Value.BaseUrl)
        ? options.Value.BaseUrl
        : bound().Where(url => url.StartsWith("http", StringComparison.OrdinalIgnoreCase) && !url.Contains("://unix:", StringComparison.Ordinal))
            .Select(ToReachable)
            // A certificate is seldom made out to the loopback address.
            .OrderByDescending(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
            .ThenByDescending(url => new Uri(url).IsLoopback)
            .FirstOrDefault();

    /// <summary>What listens on every interface is reached on the loopback one.</summary>
    private static string ToReachable(string url) => url
        .Replace("://[::]", "://[::1]", StringComparison.Ordinal)
        .Replace("://0.0.0.0", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://*", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://+", "://127.0.0.1", StringComparison.Ordinal);
}
