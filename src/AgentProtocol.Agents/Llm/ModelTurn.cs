using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Agents.Llm.Tools;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Asks the model for its next answer: the step <c>agent</c>.</summary>
internal sealed class ModelTurn(IChatClient client, LlmAgentOptions options, OutputFormat? format, AgentContext context)
{
    private const string StoppedAnswer = "Your last answer was stopped before it was complete. Give it again, from its beginning to its end.";

    private readonly IChatClient client = client is RetryingChatClient retrying ? retrying.WritingTo(context.Logger) : client;
    private readonly ContextWindow window = new(options.ContextTokens);
    private int trimmed;

    /// <summary>Streams the answer, then adds it to the thread.</summary>
    public async IAsyncEnumerable<AgentEvent> RunAsync(
        Conversation conversation, Toolbox toolbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new AgentEvent.StepStarted(LlmAgents.ModelNode);
        var view = ViewOf(conversation);
        var leftOut = window.Fit(view, toolbox.Length);
        if (Notice(leftOut) is { } fitted)
        {
            yield return fitted;
        }

        var (call, overflow) = await TryBeginAsync(view, toolbox, cancellationToken);
        if (overflow is not null)
        {
            if (Notice(leftOut + ContextWindow.FitHarder(view)) is { } shortened)
            {
                yield return shortened;
            }

            (call, overflow) = await TryBeginAsync(view, toolbox, cancellationToken);
        }

        var messageId = Guid.CreateVersion7(options.Time.GetUtcNow()).ToString();
        var answer = new LlmAnswer();
        await using (call ?? throw TooLong(overflow))
        {
            await foreach (var update in call.ReadAsync())
            {
                if (answer.Add(update) is { Length: > 0 } piece)
                {
                    yield return new AgentEvent.MessageDelta(LlmAgents.ModelNode, messageId, piece);
                }
            }
        }

        // Before anything that can fail or be committed: the tokens are spent, whatever becomes of the answer.
        if (answer.Usage is { } usage)
        {
            window.Learn(view, toolbox.Length, usage.InputTokens);
            yield return usage;
        }

        answer.ThrowIfUnusable();
        yield return new AgentEvent.StateUpdate(LlmAgents.ModelNode, ToUpdate(answer, messageId, conversation));
    }

    private static AgentException TooLong(ContextOverflowException? overflow) => new(
        $"The thread is too long for the model, even with the results of its tool calls left out: {overflow?.Message}", retryable: false, overflow);

    private async Task<(ModelCall? Call, ContextOverflowException? Overflow)> TryBeginAsync(
        List<ChatMessage> view, Toolbox toolbox, CancellationToken cancellationToken)
    {
        try
        {
            return (await ModelCall.BeginAsync(client, view, OptionsFor(toolbox), cancellationToken), null);
        }
        catch (ContextOverflowException overflow)
        {
            return (null, overflow);
        }
    }

    private List<ChatMessage> ViewOf(Conversation conversation)
    {
        var instructions = format is null ? options.Instructions : $"{options.Instructions}\n\n{format.Instructions}".TrimStart();
        List<ChatMessage> view = [.. ChatHistory.From(instructions, conversation.Messages)];

        // A final answer stands at the end only when it is asked for once more. What was wrong with it follows from it, so that no state has to say so.
        if (format is not null && conversation.AnswersAtEnd > 0 && format.Complaint(MessageText.Of(conversation.Messages[^1])) is { } complaint)
        {
            view.Add(new ChatMessage(ChatRole.User, OutputFormat.Repair(complaint)));
        }

        // Half an answer that a stopped run has left. Some servers refuse to go on from there, and others would give the second half alone.
        if (view is [.., { Role: var last }] && last == ChatRole.Assistant)
        {
            view.Add(new ChatMessage(ChatRole.User, StoppedAnswer));
        }

        return view;
    }

    private ChatOptions OptionsFor(Toolbox toolbox)
    {
        var chat = options.ChatOptions?.Clone() ?? new ChatOptions();
        if (toolbox.Tools.Count > 0)
        {
            chat.Tools = [.. toolbox.Tools];
        }

        chat.ResponseFormat = format?.Requested ?? chat.ResponseFormat;
        return chat;
    }

    /// <summary>What readers of the run are told when more is left out than before.</summary>
    private AgentEvent.Custom? Notice(int leftOut)
    {
        if (leftOut <= trimmed)
        {
            return null;
        }

        trimmed = leftOut;
        LlmLog.ContextTrimmed(context.Logger, leftOut);
        return new AgentEvent.Custom(AgentJson.Write(32, leftOut, static (writer, count) =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("context_trimmed"u8, count);
            writer.WriteEndObject();
        }));
    }

    private JsonElement ToUpdate(LlmAnswer answer, string messageId, Conversation conversation) =>
        AgentJson.Write(512 + answer.Text.Length, (answer, messageId, conversation, format), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages"u8);
            value.answer.WriteMessage(writer, value.messageId, value.conversation.Knows);
            writer.WriteEndArray();
            if (value.format is not null && !value.answer.HasCalls && value.format.Complaint(value.answer.Text) is null)
            {
                writer.WritePropertyName(OutputFormat.Key);
                OutputFormat.Parse(value.answer.Text)!.Value.WriteTo(writer);
            }

            writer.WriteEndObject();
        });
}
