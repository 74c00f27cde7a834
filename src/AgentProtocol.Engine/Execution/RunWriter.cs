using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Carries what a run's recorder collects into the event log: one page on the way at a time, each frozen until its fate
/// is known, and published only after it is committed.
/// </summary>
internal sealed class RunWriter(RunningRun run, RunRecorder recorder, EventLog log, RunFeed feed, Hints hints, PageClock clock, bool commitsEachStep)
{
    /// <summary>Beyond this an agent waits until the database has caught up.</summary>
    private const int MaxBuffered = 512 * 1024;

    private readonly Lock gate = new();
    private Task inFlight = Task.CompletedTask;
    private bool isClosed;
    private bool isScheduled;
    private bool isWriting;
    private bool hasWritten;

    /// <summary>Records an event and has it written soon; before a step that the agent announces it waits for all that came before.</summary>
    /// <exception cref="OperationCanceledException">The run has been ended meanwhile: an abandoned agent still talks.</exception>
    public ValueTask RecordAsync(AgentEvent happened)
    {
        int buffered;
        lock (gate)
        {
            ThrowIfClosed();
            recorder.Record(happened);
            buffered = recorder.BufferedLength;
        }

        Schedule();
        // A step that is announced is dear, as the call of a model is: one that has been finished must not be lost in a crash.
        var isBoundary = happened is AgentEvent.StepStarted || (happened is AgentEvent.StateUpdate && commitsEachStep);
        return isBoundary || buffered > MaxBuffered ? new ValueTask(FlushAsync()) : ValueTask.CompletedTask;
    }

    /// <summary>Records what the executor itself has to say.</summary>
    public void Record(Action<RunRecorder> record)
    {
        lock (gate)
        {
            record(recorder);
        }

        Schedule();
    }

    /// <summary>Merges updates; they are taken once that is written.</summary>
    /// <exception cref="OperationCanceledException">The run has been ended meanwhile.</exception>
    public IReadOnlyList<StateMessage> Take(IReadOnlyList<RunRequest> updates, int through)
    {
        lock (gate)
        {
            ThrowIfClosed();
            return recorder.Take(updates, through);
        }
    }

    /// <summary>Writes what is collected, and waits for it.</summary>
    public Task FlushAsync()
    {
        lock (gate)
        {
            isScheduled = false;
            if (!isClosed && !isWriting && recorder.HasUnwritten)
            {
                isWriting = true;
                inFlight = WriteAsync();
            }

            return inFlight;
        }
    }

    /// <summary>Ends the writing: waits for the page on the way, and gives what is left to the caller.</summary>
    public async Task<RunPage> CloseAsync(Action<RunRecorder> last)
    {
        Task pending;
        lock (gate)
        {
            isClosed = true;
            pending = inFlight;
        }

        await pending;
        lock (gate)
        {
            last(recorder);
            return recorder.Freeze();
        }
    }

    /// <summary>Goes on after an end that was not written: what was said before it is written alone.</summary>
    public async Task ReopenAsync(RunPage last)
    {
        RunPage page;
        lock (gate)
        {
            page = recorder.TakeBackEnd(last);
        }

        if (page.IsEmpty || await CommitAsync(page))
        {
            lock (gate)
            {
                isClosed = false;
            }
        }
    }

    private void Schedule()
    {
        // The first page goes at once when somebody reads: the reader learns that the run has begun.
        if (!hasWritten && feed.HasReaders(run.Claim.RunId, run.Claim.ThreadId))
        {
            hasWritten = true;
            _ = FlushAsync();
            return;
        }

        lock (gate)
        {
            if (isScheduled || isClosed)
            {
                return;
            }

            isScheduled = true;
        }

        clock.AtNextTick(this);
    }

    private async Task WriteAsync()
    {
        // Leaves the caller's lock before the first page is made.
        await Task.Yield();
        while (true)
        {
            RunPage page;
            lock (gate)
            {
                if (isClosed || !recorder.HasUnwritten)
                {
                    isWriting = false;
                    return;
                }

                hasWritten = true;
                page = recorder.Freeze();
            }

            if (!await CommitAsync(page))
            {
                return;
            }
        }
    }

    private async Task<bool> CommitAsync(RunPage page)
    {
        if (!await log.AppendAsync(page, run.LeaseLost))
        {
            run.Stop(StopCause.LeaseLost, "Its fence was raised");
            return false;
        }

        feed.Publish(page);
        hints.SendEvents(page.RunId, page.ThreadId);
        return true;
    }

    private void ThrowIfClosed()
    {
        if (isClosed)
        {
            throw new OperationCanceledException("The run has ended");
        }
    }
}
