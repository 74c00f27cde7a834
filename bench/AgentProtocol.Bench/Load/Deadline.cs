using System.Diagnostics;

namespace AgentProtocol.Bench.Load;

internal readonly struct Deadline(TimeSpan time)
{
    private readonly long end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);

    public bool HasPassed => Stopwatch.GetTimestamp() >= end;
}
