namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Decides which other nodes are dead, by this observer's own monotonic clock. What was seen counts only while the
/// observer's session lasts: after a database restart nobody is declared dead before a full window has passed.
/// </summary>
internal sealed class PeerWatch(TimeProvider time)
{
    private const int MinPolls = 3;
    private static readonly TimeSpan StandsStill = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StandsStillWhateverTheLock = TimeSpan.FromSeconds(15);

    private readonly Dictionary<Guid, Seen> seen = [];

    /// <summary>Forgets everything, because this observer's session was interrupted.</summary>
    public void Forget() => seen.Clear();

    /// <summary>Takes a look at the beats, and says whose have stood still long enough to be suspected.</summary>
    public IReadOnlyList<Suspect> Observe(IReadOnlyList<(Guid Node, long Beat)> peers)
    {
        var now = time.GetTimestamp();
        foreach (var gone in seen.Keys.Except(peers.Select(peer => peer.Node)).ToList())
        {
            seen.Remove(gone);
        }

        List<Suspect> suspects = [];
        foreach (var (node, beat) in peers)
        {
            if (!seen.TryGetValue(node, out var before) || before.Beat != beat)
            {
                seen[node] = new Seen(beat, now, 0);
                continue;
            }

            seen[node] = before with { Polls = before.Polls + 1 };
            var still = time.GetElapsedTime(before.Since, now);
            if (before.Polls + 1 >= MinPolls && still >= StandsStill)
            {
                suspects.Add(new Suspect(node, beat, still >= StandsStillWhateverTheLock));
            }
        }

        return suspects;
    }

    private readonly record struct Seen(long Beat, long Since, int Polls);
}

/// <summary>A node whose beat stands still.</summary>
/// <param name="Node">The node.</param>
/// <param name="Beat">The beat that was seen.</param>
/// <param name="IsDeadForSure">Whether it has stood still so long that its lock does not matter.</param>
internal readonly record struct Suspect(Guid Node, long Beat, bool IsDeadForSure);
