using System.Runtime.CompilerServices;
using System.Text.Json;

namespace AgentProtocol.Agents.Echo;

/// <summary>
/// The sample agent: answers <c>echo: </c> and what it was told. The commands <c>sleep N</c>, <c>steps N</c> and
/// <c>fail X</c> at the start of a message make it slow, checkpointed or failing, so that every behaviour of the server
/// can be tried without a model.
/// </summary>
/// <param name="time">The clock of its pauses; the system's when not given.</param>
public sealed class EchoAgent(TimeProvider? time = null) : IAgent
{
    private const string Node = "echo";
    private static readonly TimeSpan StepDuration = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>The echo agent as it is registered on a fresh server.</summary>
    /// <param name="time">The clock of its pauses; the system's when not given.</param>
    public static AgentDefinition Definition(TimeProvider? time = null) => new()
    {
        Id = "echo",
        Agent = new EchoAgent(time),
        Kind = "echo",
        Nodes = [Node],
        Description = "Answers with what it was told. Commands: sleep N, steps N, fail X.",
    };

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var text = LastHumanText(context.State.Messages);
        var command = EchoCommand.Parse(text);
        var steps = 0;
        switch (command)
        {
            case EchoCommand.Fail fail:
                throw new AgentException(fail.Reason);
            case EchoCommand.Sleep sleep when context.CompletedSteps == 0:
                await PauseAsync(sleep.Duration, context, cancellationToken);
                break;
            case EchoCommand.Steps { Count: var count }:
                steps = count;
                break;
        }

        for (var step = context.CompletedSteps + 1; step <= steps; step++)
        {
            await PauseAsync(StepDuration, context, cancellationToken);
            yield return new AgentEvent.Custom(EchoJson.Step(step, steps));
            yield return new AgentEvent.Progress(100.0 * step / steps);
            yield return new AgentEvent.StateUpdate(Node, AgentJson.EmptyObject);
        }

        // The answer is a state update too: an earlier attempt may have died between giving it and ending.
        if (context.CompletedSteps > steps)
        {
            yield break;
        }

        var answer = "echo: " + text;
        var messageId = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        for (var start = 0; start < answer.Length;)
        {
            var end = EchoPieces.EndOf(answer, start);
            yield return new AgentEvent.MessageDelta(Node, messageId, answer[start..end]);
            start = end;
        }

        yield return new AgentEvent.StateUpdate(Node, EchoJson.Answer(messageId, answer));
    }

    private static string LastHumanText(IReadOnlyList<JsonElement> messages)
    {
        for (var i = messages.Count - 1; i >= 0; i--)
        {
            if (MessageText.IsOfType(messages[i], "human"))
            {
                return MessageText.Of(messages[i]);
            }
        }

        return "";
    }

    /// <summary>Waits, but not a moment longer once the run is cancelled or the server shuts down.</summary>
    private async Task PauseAsync(TimeSpan duration, AgentContext context, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.Draining);
        try
        {
            await Task.Delay(duration, time, either.Token);
        }
        catch (OperationCanceledException)
        {
            // The server tells by the token whether to end the run or to hand it to another node.
            cancellationToken.ThrowIfCancellationRequested();
            context.Draining.ThrowIfCancellationRequested();
            throw;
        }
    }
}
