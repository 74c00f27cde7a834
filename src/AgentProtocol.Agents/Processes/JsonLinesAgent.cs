using System.Runtime.CompilerServices;

namespace AgentProtocol.Agents.Processes;

/// <summary>An agent that is a program which reads its run and writes its events as JSON, one object per line.</summary>
/// <param name="options">The program.</param>
/// <param name="time">The agent's clock.</param>
internal sealed class JsonLinesAgent(ProcessAgentOptions options, TimeProvider time) : IAgent
{
    /// <summary>How many bytes a line of the program may have.</summary>
    public const int LongestLine = 8 * 1024 * 1024;

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        context.Draining.ThrowIfCancellationRequested();

        await using var child = ChildProcess.Start(options, context, time, input: "", farewell: ChildRequests.Cancel);
        child.Input.Send(ChildRequests.Run(context));
        await using var cancelled = cancellationToken.Register(() => _ = child.StopAsync());
        await using var drained = context.Draining.Register(() => child.Input.Send(ChildRequests.Drain));

        var lines = new LineReader(child.ReadAsync, LongestLine);
        var understood = new ChildLines(options.Nodes.Count > 0 ? options.Nodes[0] : context.AgentId, time);
        var isDone = false;

        // Not until the cancellation, but until the program ends, which then is soon: its last words are part of the run.
        while (await lines.ReadAsync() is { } text)
        {
            if (isDone)
            {
                ProcessLog.LineAfterEnd(context.Logger);
                continue;
            }

            switch (understood.Read(text))
            {
                case ChildLine.Says says:
                    yield return says.Event;
                    break;
                case ChildLine.Ready:
                    await GiveMessagesAsync(child, context, cancellationToken);
                    break;
                case ChildLine.Done:
                    isDone = true;
                    child.LetEnd();
                    break;
                case ChildLine.Failed failed:
                    throw new AgentException(failed.Message, failed.Retryable);
                case ChildLine.Logs logs:
                    ProcessLog.Told(context.Logger, logs.Level, logs.Text);
                    break;
                case ChildLine.Unknown unknown:
                    ProcessLog.UnknownType(context.Logger, unknown.Type);
                    break;
            }
        }

        await ThrowUnlessSucceededAsync(child, context, isDone, cancellationToken);
    }

    /// <summary>It answers always, also that there is nothing: the program waits for it.</summary>
    private static async Task GiveMessagesAsync(ChildProcess child, AgentContext context, CancellationToken cancellationToken)
    {
        var messages = context.Inbox.HasMessages ? await context.Inbox.TakeAsync(cancellationToken) : [];
        if (!child.Input.Send(ChildRequests.Messages(messages)) && !child.WasStopped)
        {
            throw new AgentException("The program asks for messages, but does not read its input");
        }
    }

    private static async Task ThrowUnlessSucceededAsync(ChildProcess child, AgentContext context, bool isDone, CancellationToken cancellationToken)
    {
        var exitCode = await child.Exit;
        cancellationToken.ThrowIfCancellationRequested();
        if (isDone)
        {
            if (exitCode != 0)
            {
                ProcessLog.FailedAfterEnd(context.Logger, exitCode);
            }

            return;
        }

        if (exitCode != 0)
        {
            throw await child.FailureAsync(exitCode);
        }

        // It has stopped because it was told so, and does not say that it is done: the rest is done elsewhere.
        context.Draining.ThrowIfCancellationRequested();
    }
}
