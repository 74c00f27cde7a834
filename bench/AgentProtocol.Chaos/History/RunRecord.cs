namespace AgentProtocol.Chaos.History;

/// <summary>How the thread treats a run that is busy with another.</summary>
internal enum Strategy
{
    Enqueue,
    Interrupt,
    Rollback,
    Steer,
    Reject,
}

/// <summary>A run that was acknowledged, and all that clients came to know about it.</summary>
internal sealed class RunRecord(string runId, string? threadId, Input input)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, string> events = [];

    public string RunId { get; } = runId;

    /// <summary>Null for a stateless run.</summary>
    public string? ThreadId { get; } = threadId;

    public Input Input { get; } = input;

    /// <summary>Whether a client has asked for its end.</summary>
    public bool CancelAsked { get; set; }

    /// <summary>Whether it may be erased: by a rollback, or a newer run with that strategy.</summary>
    public bool MayBeErased { get; set; }

    /// <summary>Whether a newer run of its thread may have ended it.</summary>
    public bool MayBeInterrupted { get; set; }

    /// <summary>The end that a client saw first; <c>erased</c> when the run had become unknown.</summary>
    public string? End { get; private set; }

    /// <summary>How many events it had when a client that had waited for its end read the log to its end.</summary>
    public long? EventsAtEnd { get; private set; }

    public string Path => ThreadId is null ? $"/runs/{RunId}" : $"/threads/{ThreadId}/runs/{RunId}";

    /// <summary>How many different events clients have seen.</summary>
    public int EventsSeen
    {
        get
        {
            lock (gate)
            {
                return events.Count;
            }
        }
    }

    /// <summary>A client saw it in an end. False when another end was seen before.</summary>
    public bool SeeEnd(string end)
    {
        lock (gate)
        {
            End ??= end;
            return End == end;
        }
    }

    /// <summary>A client saw an event. False when another client, or the same one earlier, saw something else under this number.</summary>
    public bool SeeEvent(long number, string content)
    {
        lock (gate)
        {
            return events.TryAdd(number, content) || events[number] == content;
        }
    }

    /// <summary>A client has read the log to its end. False when it was longer or shorter before.</summary>
    public bool SeeLogEnd(long count)
    {
        lock (gate)
        {
            EventsAtEnd ??= count;
            return EventsAtEnd == count;
        }
    }
}

/// <summary>What a client said in a request, by a word that is in no other.</summary>
/// <param name="Word">The word.</param>
/// <param name="Text">The whole text of the message.</param>
/// <param name="Agent">Whom it was for.</param>
/// <param name="Strategy">What was to become of the run before.</param>
internal sealed record Input(string Word, string Text, string Agent, Strategy Strategy);
