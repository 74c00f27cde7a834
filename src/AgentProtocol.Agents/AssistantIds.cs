using System.Collections.Concurrent;

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

        var id = NameIds.For(Namespace, graphId);
        if (Known.Count < MaxKnown)
        {
            Known.TryAdd(graphId, id);
        }

        return id;
    }
}
