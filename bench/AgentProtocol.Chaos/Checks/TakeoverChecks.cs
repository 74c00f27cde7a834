using AgentProtocol.Chaos.Faults;
using AgentProtocol.Chaos.History;
using AgentProtocol.Chaos.Reports;

namespace AgentProtocol.Chaos.Checks;

/// <summary>How long runs of killed nodes stood still.</summary>
internal sealed class TakeoverChecks(Ledger ledger, IReadOnlyCollection<Takeover> seen, IReadOnlyList<Fault> faults)
{
    public Percentiles All { get; } = Percentiles.Of(seen.Select(takeover => takeover.Time));

    /// <summary>Those during which nothing else began to be done to the cluster.</summary>
    public Percentiles Undisturbed { get; } = Percentiles.Of(
        seen.Where(takeover => !faults.Any(fault => fault.At > takeover.KilledAt && fault.At < takeover.TakenAt)).Select(takeover => takeover.Time));

    /// <param name="missed">How many runs of killed nodes were not seen to go on.</param>
    /// <param name="limit">What may be asked of the undisturbed ones.</param>
    public void Check(int missed, TimeSpan? limit)
    {
        ledger.Require(missed == 0, $"{missed} runs of killed nodes were not taken over within a minute");
        if (limit is { } most)
        {
            ledger.Require(Undisturbed.Count > 0, "no takeover was seen without another fault meanwhile, so their limit was not tested");
            ledger.Require(Undisturbed.P99 <= most.TotalMilliseconds, $"p99 of undisturbed takeovers is {Undisturbed.P99} ms, and at most {most.TotalMilliseconds} ms were wanted");
        }
    }
}
