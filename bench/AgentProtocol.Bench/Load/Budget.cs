using System.Diagnostics;

namespace AgentProtocol.Bench.Load;

/// <summary>How much there is to do, shared by the clients of a scenario: a number of steps, a time, or whichever ends first.</summary>
internal sealed class Budget(int steps, TimeSpan? time = null)
{
    private int taken = -1;
    private long end = long.MaxValue;

    /// <summary>Takes the next step; numbers start at 0, and the time starts with the first step.</summary>
    public bool TryTake(out int number)
    {
        number = Interlocked.Increment(ref taken);
        if (number == 0 && time is { } limit)
        {
            Volatile.Write(ref end, Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency));
        }

        return number < steps && Stopwatch.GetTimestamp() < Volatile.Read(ref end);
    }
}
