using System.Collections.Concurrent;
using System.Text.Json;

namespace AgentProtocolServer.Tests.Fuzz;

/// <summary>Ids that answers have named, so that later requests meet what exists.</summary>
internal sealed class KnownIds
{
    private const int Most = 200;

    private static readonly string[] Collected = ["thread_id", "run_id", "checkpoint_id", "assistant_id", "cron_id", "agent_id"];

    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> ids = new();

    public void Collect(JsonElement answer)
    {
        switch (answer.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in answer.EnumerateObject())
                {
                    if (member.Value.ValueKind == JsonValueKind.String && Collected.Contains(member.Name))
                    {
                        Add(member.Name, member.Value.GetString()!);
                    }
                    else if (member.Name is "checkpoint" or "run" or "items")
                    {
                        Collect(member.Value);
                    }
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in answer.EnumerateArray().Take(5))
                {
                    Collect(item);
                }

                break;
        }
    }

    /// <summary>One of this kind, if any is known.</summary>
    public string? Any(string name, Random random) =>
        ids.TryGetValue(name, out var known) && known.ToArray() is { Length: > 0 } all ? all[random.Next(all.Length)] : null;

    private void Add(string name, string id)
    {
        var known = ids.GetOrAdd(name, _ => new());
        known.Enqueue(id);
        if (known.Count > Most)
        {
            known.TryDequeue(out _);
        }
    }
}
