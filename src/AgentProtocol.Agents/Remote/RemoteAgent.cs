using System.Runtime.CompilerServices;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Remote;

/// <summary>An agent whose runs another server executes.</summary>
/// <param name="server">The server, and the agent there.</param>
/// <param name="time">The clock.</param>
internal sealed class RemoteAgent(RemoteServer server, TimeProvider time) : IAgent
{
    /// <summary>The end of the run waits for it, so it is less than the grace that runs have to stop.</summary>
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(3);

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // When this server drains, the run there goes on, and another node takes it up where it is then.
        context.Draining.ThrowIfCancellationRequested();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.Draining);
        await using var attempt = new RemoteAttempt(server, context, time);
        try
        {
            await using var events = attempt.ExecuteAsync(stop.Token).GetAsyncEnumerator(stop.Token);
            while (await MoveNextAsync(events, stop.Token))
            {
                yield return events.Current;
            }
        }
        finally
        {
            if (cancellationToken.IsCancellationRequested && !context.LeaseLost.IsCancellationRequested)
            {
                await CancelThereAsync(attempt, context);
            }
        }
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<AgentEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested)
        {
            // An aborted read may also surface as a broken connection.
            throw new OperationCanceledException("The run was stopped", exception, cancellationToken);
        }
        catch (Exception exception) when (AgentServer.IsLost(exception))
        {
            throw server.Http.Translate(exception);
        }
    }

    private async Task CancelThereAsync(RemoteAttempt attempt, AgentContext context)
    {
        using var limit = new CancellationTokenSource(CancelLimit, time);
        try
        {
            await attempt.CancelAsync(limit.Token);
        }
        catch (Exception exception) when (AgentServer.IsLost(exception) || exception is OperationCanceledException or AgentException)
        {
            AgentServerLog.CancelLost(context.Logger, server.Http.Name, server.Http.Secrets.Conceal(exception.Message));
        }
    }
}
