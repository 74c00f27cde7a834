using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AgentProtocol.Testing;

/// <summary>Polls for what nothing announces, with a deadline.</summary>
public static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Probes until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not in time.</exception>
    public static async Task TrueAsync(
        Func<Task<bool>> probe,
        CancellationToken cancellationToken,
        TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(probe))] string? condition = null)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(30);
        for (var started = Stopwatch.GetTimestamp(); !await probe();)
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not within {limit}: {condition}");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }
}
