namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Notices when nothing was heard for too long. To be told of an event is one write and no timer, because a model that
/// streams tells of thousands.
/// </summary>
internal sealed class IdleWatch : IDisposable
{
    /// <summary>Stands for the time of the last event while nobody is waited for.</summary>
    private const long Resting = long.MaxValue;

    /// <summary>A timer takes at most 49 days; it is set anew when it was too short.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    private readonly TimeSpan limit;
    private readonly Action expired;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private long lastEvent;
    private volatile bool isHeld;

    public IdleWatch(TimeSpan limit, Action expired, TimeProvider time)
    {
        (this.limit, this.expired, this.time) = (limit, expired, time);
        lastEvent = time.GetTimestamp();
        timer = time.CreateTimer(static watch => ((IdleWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Only now, for it looks at its own field.
        LookIn(limit);
    }

    /// <summary>Something was heard.</summary>
    public void Touch() => Volatile.Write(ref lastEvent, time.GetTimestamp());

    /// <summary>Nothing is expected until the next <see cref="Touch"/>.</summary>
    public void Rest() => Volatile.Write(ref lastEvent, Resting);

    /// <summary>Nothing is expected until the release, whatever is heard meanwhile.</summary>
    public void Hold() => isHeld = true;

    /// <summary>Events are expected again, the next one within the limit.</summary>
    public void Release()
    {
        Touch();
        isHeld = false;
    }

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        var last = Volatile.Read(ref lastEvent);
        var left = isHeld || last == Resting ? limit : limit - time.GetElapsedTime(last);
        if (left > TimeSpan.Zero)
        {
            LookIn(left);
        }
        else
        {
            expired();
        }
    }

    private void LookIn(TimeSpan span) => timer.Change(span < Longest ? span : Longest, Timeout.InfiniteTimeSpan);
}
