using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Events;

/// <summary>
/// Keeps past days of the event log from the retention of every node while they are read here. One session per node holds
/// the locks, and exists only as long as something is held: readers of past days are few.
/// </summary>
internal sealed class EventHolds(ProtocolDatabase database) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Dictionary<DateOnly, int> readers = [];
    private NpgsqlConnection? session;

    /// <summary>Holds a day until the result is disposed. Waits while the day is being dropped; afterwards there is nothing to read.</summary>
    public async Task<IAsyncDisposable> HoldAsync(DateOnly day, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (session is not { FullState: System.Data.ConnectionState.Open })
            {
                await OpenAsync(cancellationToken);
            }

            if (readers.GetValueOrDefault(day) == 0)
            {
                await EventDayLock.ShareAsync(session!, day, cancellationToken);
            }

            readers[day] = readers.GetValueOrDefault(day) + 1;
            return new Hold(this, day);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (session is not null)
        {
            await session.DisposeAsync();
        }

        gate.Dispose();
    }

    /// <summary>A lost session has lost its locks: those who still read take theirs again.</summary>
    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        await CloseAsync();
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        session = new NpgsqlConnection(settings.ConnectionString);
        await session.OpenAsync(cancellationToken);
        foreach (var day in readers.Keys)
        {
            await EventDayLock.ShareAsync(session, day, cancellationToken);
        }
    }

    private async Task ReleaseAsync(DateOnly day)
    {
        await gate.WaitAsync(CancellationToken.None);
        try
        {
            if (--readers[day] > 0)
            {
                return;
            }

            readers.Remove(day);
            if (readers.Count == 0)
            {
                await CloseAsync();
            }
            else if (session is { FullState: System.Data.ConnectionState.Open })
            {
                await EventDayLock.UnshareAsync(session, day, CancellationToken.None);
            }
        }
        catch (Exception exception) when (TransientFailure.Is(exception))
        {
            // The lock went with the session; the next reader opens another.
            await CloseAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task CloseAsync()
    {
        if (session is { } last)
        {
            session = null;
            await last.DisposeAsync();
        }
    }

    private sealed class Hold(EventHolds holds, DateOnly day) : IAsyncDisposable
    {
        private bool released;

        public async ValueTask DisposeAsync()
        {
            if (!released)
            {
                released = true;
                await holds.ReleaseAsync(day);
            }
        }
    }
}
