using System.Runtime.CompilerServices;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Processes;

/// <summary>An agent that is a program which reads its run and writes its events as JSON, one object per line.</summary>
/// <param name="options">The program.</param>
/// <param name="time">The agent's clock.</param>
/// <param name="secrets">What the program must not say.</param>
internal sealed class JsonLinesAgent(ProcessAgentOptions options, TimeProvider time, Secrets secrets) : IAgent
{
    /// <summary>How many bytes a line of the program may have.</summary>
    public const int LongestLine = 8 * 1024 * 1024;

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        context.Draining.ThrowIfCancellationRequested();

        await using var child = ChildProcess.Start(options, context, time, secrets, input: "", farewell: ChildRequests.Cancel);
        child.Input.Send(ChildRequests.Run(context));
        await using var cancelled = cancellationToken.Register(() => _ = child.StopAsync());
        await using var drained = context.Draining.Register(() => child.Input.Send(ChildRequests.Drain));

        var lines = new LineReader(child.ReadAsync, LongestLine);
        var json = new AgentEventJson(options.Nodes.Count > 0 ? options.Nodes[0] : context.AgentId, time, context.Logger, secrets);

        // Not until the cancellation, but until the program ends, which then is soon: its last words are part of the run.
        while (await lines.ReadAsync() is { } line)
        {
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            if (json.IsDone)
            {
                ProcessLog.LineAfterEnd(context.Logger);
                continue;
            }

            foreach (var happened in json.Read(json.Parse(line.Span)))
            {
                yield return happened;
            }

            if (json.IsDone)
            {
                child.LetEnd();
            }
            else if (json.IsReady)
            {
                await GiveMessagesAsync(child, context, cancellationToken);
            }
        }

        await ThrowUnlessSucceededAsync(child, context, json.IsDone, cancellationToken);
        foreach (var happened in json.Finish())
        {
            yield return happened;
        }
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
