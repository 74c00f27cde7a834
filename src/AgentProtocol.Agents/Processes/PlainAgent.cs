using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace AgentProtocol.Agents.Processes;

/// <summary>An agent that is a program which knows nothing of this server: it gets a text, and what it writes is the answer.</summary>
/// <param name="options">The program.</param>
/// <param name="time">The agent's clock.</param>
/// <param name="secrets">What the program must not say.</param>
internal sealed class PlainAgent(ProcessAgentOptions options, TimeProvider time, Secrets secrets) : IAgent
{
    private readonly bool takesArgument = options.Arguments.Any(argument => argument.Contains("{input}", StringComparison.Ordinal));

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The answer is the only step: an earlier attempt gave it, and died before it could end.
        if (context.CompletedSteps > 0)
        {
            yield break;
        }

        // It has no step that it could finish while the server drains, so it is stopped and starts again elsewhere.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.Draining);
        either.Token.ThrowIfCancellationRequested();

        var input = options.History ? Conversation(context.State.Messages) : LastHumanText(context.State.Messages);
        await using var child = ChildProcess.Start(options, context, time, secrets, input, farewell: default);
        if (!takesArgument)
        {
            child.Input.Send(Encoding.UTF8.GetBytes(input));
        }

        child.Input.Complete();
        await using var stopped = either.Token.Register(() => _ = child.StopAsync());

        var node = options.Nodes.Count > 0 ? options.Nodes[0] : context.AgentId;
        var messageId = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var answer = new PlainAnswer(secrets);
        var buffer = new byte[8192];
        for (int count; (count = await child.ReadAsync(buffer)) > 0;)
        {
            if (answer.Add(buffer.AsSpan(0, count)) is { Length: > 0 } piece)
            {
                yield return new AgentEvent.MessageDelta(node, messageId, piece);
            }
        }

        await ThrowUnlessSucceededAsync(child, context, cancellationToken);
        if (answer.End() is { Length: > 0 } rest)
        {
            yield return new AgentEvent.MessageDelta(node, messageId, rest);
        }

        yield return new AgentEvent.StateUpdate(node, answer.ToUpdate(messageId));
    }

    private static async Task ThrowUnlessSucceededAsync(ChildProcess child, AgentContext context, CancellationToken cancellationToken)
    {
        var exitCode = await child.Exit;
        cancellationToken.ThrowIfCancellationRequested();
        if (child.WasStopped)
        {
            context.Draining.ThrowIfCancellationRequested();
        }

        if (exitCode != 0)
        {
            throw await child.FailureAsync(exitCode);
        }
    }

    private static string LastHumanText(IReadOnlyList<JsonElement> messages) =>
        messages.LastOrDefault(message => MessageText.IsOfType(message, "human")) is { ValueKind: JsonValueKind.Object } message
            ? MessageText.Of(message)
            : "";

    private static string Conversation(IReadOnlyList<JsonElement> messages) =>
        string.Join("\n\n", messages.Select(message => $"{MessageText.Property(message, "type")}: {MessageText.Of(message)}"));
}
