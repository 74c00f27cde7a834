using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Llm.Tools;

namespace AgentProtocol.Agents.Llm;

/// <summary>
/// One attempt of a run. What is to be done next follows from the messages alone, so that it does not matter whether they
/// were written by this attempt, by one that died, or by a run that stopped to ask somebody.
/// </summary>
internal sealed class LlmRun(ModelTurn model, LlmAgentOptions options, ToolSet tools, OutputFormat? format, AgentContext context)
{
    private readonly Conversation conversation = new(context.State.Messages);
    private readonly int maxTurns = TurnLimit.For(options.MaxTurns, context.Config);

    /// <summary>Goes on from where the messages are.</summary>
    public async IAsyncEnumerable<AgentEvent> ExecuteAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Toolbox? toolbox = null;
        while (true)
        {
            var calls = conversation.PendingCalls();
            if (calls.Count == 0 && await TakeMessagesAsync(cancellationToken))
            {
                continue;
            }

            if (calls.Count == 0 && IsAnswered())
            {
                yield break;
            }

            // What has begun may finish while the run is stopped or the server drains; nothing is begun that has to be repeated.
            cancellationToken.ThrowIfCancellationRequested();
            context.Draining.ThrowIfCancellationRequested();
            toolbox ??= await tools.LoadAsync(cancellationToken);
            var step = calls.Count > 0
                ? new ToolRound(toolbox, context, options.Time).RunAsync(conversation.LastAnswer!.Value, calls, cancellationToken)
                : AnswerAsync(toolbox, cancellationToken);
            var asked = false;
            await foreach (var happened in step)
            {
                yield return happened;
                conversation.Add(happened);
                asked |= happened is AgentEvent.Interrupt;
            }

            if (asked)
            {
                yield break;
            }
        }
    }

    private IAsyncEnumerable<AgentEvent> AnswerAsync(Toolbox toolbox, CancellationToken cancellationToken)
    {
        if (conversation.TurnsSinceHuman >= maxTurns)
        {
            throw new AgentException($"The agent has not come to an end within {maxTurns} turns of its model (maxTurns).");
        }

        return model.RunAsync(conversation, toolbox, cancellationToken);
    }

    /// <summary>Between steps, and before the end: what came while the last answer was written belongs to this run.</summary>
    private async Task<bool> TakeMessagesAsync(CancellationToken cancellationToken)
    {
        if (!context.Inbox.HasMessages)
        {
            return false;
        }

        var taken = await context.Inbox.TakeAsync(cancellationToken);
        conversation.Add(taken);
        return taken.Count > 0;
    }

    /// <summary>Whether the last message is a final answer, and one that will do.</summary>
    private bool IsAnswered()
    {
        if (conversation.AnswersAtEnd == 0 || format is null)
        {
            return conversation.AnswersAtEnd > 0;
        }

        var answer = conversation.Messages[^1];
        if (IsRefusal(answer))
        {
            throw new AgentException($"The model refused to answer: {MessageText.Of(answer)}");
        }

        // The first answer that will not do is repaired; a model that repeats its mistake would do so forever.
        var complaint = format.Complaint(MessageText.Of(answer));
        return complaint is not null && conversation.AnswersAtEnd > 1
            ? throw new AgentException($"The model's answer does not satisfy the output schema: {complaint}")
            : complaint is null;
    }

    private static bool IsRefusal(JsonElement answer) =>
        answer.TryGetProperty("additional_kwargs", out var more) && MessageText.Property(more, "refusal") is not null;
}
