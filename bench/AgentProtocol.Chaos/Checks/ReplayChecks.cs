using AgentProtocol.Chaos.History;
using AgentProtocol.Chaos.Load;

namespace AgentProtocol.Chaos.Checks;

/// <summary>Reads logs once more from their beginning: a late reader sees what the early ones saw, and as much of it.</summary>
internal static class ReplayChecks
{
    private const int AtATime = 8;

    /// <summary>Reads the logs of runs whose events clients have seen.</summary>
    /// <returns>How many were read.</returns>
    public static async Task<int> CheckAsync(Ledger ledger, Supervisor client, int most)
    {
        var runs = ledger.Runs.Values.Where(run => run.EventsSeen > 0 && run.End != "erased").Take(most).ToList();
        await Parallel.ForEachAsync(
            runs, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = client.Stop },
            async (run, _) => await Follower.FollowAsync(client, run));
        return runs.Count;
    }
}
