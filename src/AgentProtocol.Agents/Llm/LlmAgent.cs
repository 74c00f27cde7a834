using System.Runtime.CompilerServices;
using AgentProtocol.Agents.Llm.Models;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>
/// An agent that is a language model with instructions: it reads the whole thread and answers with one message, streamed
/// while it is written.
/// </summary>
/// <param name="client">The model. Its failures are <see cref="AgentException"/>s.</param>
/// <param name="instructions">What it is told before the thread, as a system message.</param>
/// <param name="time">The clock that message ids are made with.</param>
internal sealed class LlmAgent(IChatClient client, string? instructions, TimeProvider time) : IAgent
{
    /// <summary>The name that its answers carry.</summary>
    public const string Node = "agent";

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The answer is the only step: an earlier attempt gave it, and died before it could end.
        if (context.CompletedSteps > 0)
        {
            yield break;
        }

        // A call that has begun may finish while the server drains; none is begun that another node has to repeat.
        context.Draining.ThrowIfCancellationRequested();

        var messageId = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var answer = new LlmAnswer();
        var history = ChatHistory.From(instructions, context.State.Messages);
        await foreach (var update in client.GetStreamingResponseAsync(history, new ChatOptions().WithLog(context.Logger), cancellationToken))
        {
            if (answer.Add(update) is { Length: > 0 } piece)
            {
                yield return new AgentEvent.MessageDelta(Node, messageId, piece);
            }
        }

        // Before anything that can fail or be committed: the tokens are spent, whatever becomes of the answer.
        if (answer.Usage is { } usage)
        {
            yield return usage;
        }

        answer.ThrowIfUnusable();
        yield return new AgentEvent.StateUpdate(Node, answer.ToUpdate(messageId));
    }
}
