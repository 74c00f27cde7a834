using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Agents;

/// <summary>The UUID of the assistant that every registered agent gets (wire-contract 8.2).</summary>
public static class AssistantIds
{
    /// <summary>Not one of the namespaces of RFC 4122, but the one that LangGraph servers use: note <c>…9dad…</c> behind <c>ba7b821</c>.</summary>
    private static readonly Guid Namespace = new("6ba7b821-9dad-11d1-80b4-00c04fd430c8");

    /// <summary>More names than a server has agents: names that clients make up must not fill the memory.</summary>
    private const int MaxKnown = 1024;

    /// <summary>Every answer about a run needs the id of its agent's assistant.</summary>
    private static readonly ConcurrentDictionary<string, Guid> Known = new(StringComparer.Ordinal);

    /// <summary>UUID version 5 of a graph id.</summary>
    public static Guid For(string graphId)
    {
        if (Known.TryGetValue(graphId, out var known))
        {
            return known;
        }

        var id = Compute(graphId);
        if (Known.Count < MaxKnown)
        {
            Known.TryAdd(graphId, id);
        }

        return id;
    }

    private static Guid Compute(string graphId)
    {
        var name = Encoding.UTF8.GetBytes(graphId);
        var source = new byte[16 + name.Length];
        Namespace.TryWriteBytes(source, bigEndian: true, out _);
        name.CopyTo(source, 16);

#pragma warning disable CA5350 // RFC 4122 prescribes SHA-1 for version 5; it names, it does not protect.
        Span<byte> hash = SHA1.HashData(source).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
