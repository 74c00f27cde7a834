using System.Text.RegularExpressions;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>The nginx configuration that is committed, <c>deploy/nginx/agent-protocol-server.conf</c>; the build puts it beside this program.</summary>
internal static partial class ProxyFile
{
    /// <summary>The same with another port, of this machine only, and other nodes.</summary>
    /// <exception cref="InvalidDataException">The file is not as it was: it has no port or no nodes to replace.</exception>
    public static string For(int port, IReadOnlyList<string> nodes)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "agent-protocol-server.conf"));
        if (Listen().Count(text) != 1 || Upstream().Count(text) != 1)
        {
            throw new InvalidDataException("deploy/nginx/agent-protocol-server.conf does not listen on one port, or has no list of nodes.");
        }

        text = Listen().Replace(text, FormattableString.Invariant($"listen 127.0.0.1:{port};"));
        return Upstream().Replace(text, list => string.Concat(nodes.Select(node => $"    server {node}{list.Groups[1].Captures[0].Value}\n")));
    }

    [GeneratedRegex(@"listen \d+;")]
    private static partial Regex Listen();

    [GeneratedRegex(@"(?:^    server [\w.-]+:\d+( .*;)\r?\n)+", RegexOptions.Multiline)]
    private static partial Regex Upstream();
}
