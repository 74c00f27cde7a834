using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// What callers tell a run, as its execution takes it. The rows are there for anybody to read; what makes them delivered is
/// the page that carries their checkpoint, and that is fenced.
/// </summary>
internal sealed class RunInbox(RunningRun run, RunWriter writer, UpdateReader updates, TimeProvider time) : IAgentInbox, IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);

    public bool HasMessages => run.Updates.HasUntaken;

    public Task WaitAsync(CancellationToken cancellationToken) => run.Updates.WaitAsync(cancellationToken);

    public async Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken) =>
        [.. (await TakeThereAsync(cancellationToken) ?? []).Select(message => JsonText.Parse(message.Json))];

    /// <summary>Takes what the agent has left there.</summary>
    /// <returns>Whether there was something, so that the agent has to be asked again.</returns>
    public async Task<bool> TakeRestAsync()
    {
        try
        {
            return await TakeThereAsync(run.LeaseLost) is not null;
        }
        catch (OperationCanceledException) when (run.LeaseLost.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <returns>What has changed in the state; null when there was nothing to take.</returns>
    private async Task<IReadOnlyList<StateMessage>?> TakeThereAsync(CancellationToken cancellationToken)
    {
        if (!HasMessages)
        {
            return null;
        }

        await turn.WaitAsync(cancellationToken);
        try
        {
            var latest = run.Updates.Latest;
            var untaken = await ReadAsync(cancellationToken);
            if (untaken.Count == 0)
            {
                // Another caller of this agent was faster, or they are gone with their run.
                run.Updates.Take(latest);
                return null;
            }

            var through = untaken[^1].N;
            var changed = writer.Take([.. untaken.Select(update => RunRequest.Parse(update.Request))], through);
            run.Updates.Take(through);
            await writer.FlushAsync();
            run.LeaseLost.ThrowIfCancellationRequested();
            return changed;
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    /// <summary>For as long as it takes: a database that is away is no failure of the run.</summary>
    private async Task<IReadOnlyList<Storage.Rows.RunUpdateRow>> ReadAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await updates.ReadUntakenAsync(run.Claim.RunId, run.Updates.Taken, cancellationToken);
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && !run.LeaseLost.IsCancellationRequested)
            {
                await Task.Delay(TransientFailure.Pause(failures), time, cancellationToken);
            }
        }
    }
}
