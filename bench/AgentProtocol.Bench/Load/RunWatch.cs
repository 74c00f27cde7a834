using System.Diagnostics;
using AgentProtocol.Bench.Protocol;

namespace AgentProtocol.Bench.Load;

/// <summary>The runs one client has started and still has to see finished, each asked for at most every 20 ms.</summary>
internal sealed class RunWatch
{
    private static readonly long Interval = Stopwatch.Frequency / 50;

    private readonly PriorityQueue<RunKey, long> due = new();

    public bool IsEmpty => due.Count == 0;
    public IEnumerable<RunKey> Runs => due.UnorderedItems.Select(item => item.Element);
    public int Polls { get; private set; }
    public int Finished { get; private set; }

    /// <summary>Watches a run that cannot end before the delay is over.</summary>
    public void Add(RunKey run, TimeSpan delay = default) =>
        due.Enqueue(run, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency));

    /// <summary>Asks for the run whose turn is next, waiting for its turn; any end but success is an error.</summary>
    public void PollNext(Client client)
    {
        if (!due.TryDequeue(out var run, out var turn))
        {
            return;
        }

        var early = Math.Max(0, turn - Stopwatch.GetTimestamp());
        Thread.Sleep((int)Math.Ceiling(early * 1000.0 / Stopwatch.Frequency));
        var status = client.Api.GetStatus(run);
        Polls++;
        if (!status.IsTerminal)
        {
            due.Enqueue(run, Stopwatch.GetTimestamp() + Interval);
            return;
        }

        Finished++;
        if (status != RunStatus.Success)
        {
            client.CountError($"a run ended as {status}");
        }
    }
}
