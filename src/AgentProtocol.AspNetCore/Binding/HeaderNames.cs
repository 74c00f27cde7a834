using System.Collections.Frozen;
using System.IO.Enumeration;
using AgentProtocol.Engine;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Which request headers an agent may read in its configuration (<c>Runs:ConfigurableHeaders</c>, wire-contract 5.10).</summary>
internal sealed class HeaderNames(IOptions<RunsOptions> options)
{
    /// <summary>What proves who somebody is stays with the server, whatever the setting says: runs are stored and shown.</summary>
    private static readonly FrozenSet<string> Secret = FrozenSet.ToFrozenSet(
        ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-service-key", "x-tenant-id"], StringComparer.OrdinalIgnoreCase);

    private readonly string[] patterns = options.Value.ConfigurableHeaders.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public bool Include(string header) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, header)) && !Secret.Contains(header);
}
