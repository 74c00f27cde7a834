using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using FinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using OpenAiFinishReason = OpenAI.Chat.ChatFinishReason;
using OpenAiMessage = OpenAI.Chat.ChatMessage;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>Translates between the neutral chat types and those of the OpenAI package.</summary>
internal static class OpenAiMessages
{
    /// <summary>A message of the history.</summary>
    public static OpenAiMessage From(ChatMessage message)
    {
        if (message.Role == ChatRole.Assistant)
        {
            return Assistant(message);
        }

        if (message.Role == ChatRole.Tool)
        {
            var result = message.Contents.OfType<FunctionResultContent>().First();
            return new ToolChatMessage(result.CallId, result.Result as string ?? "");
        }

        return message.Role == ChatRole.System ? new SystemChatMessage(Texts(message)) : new UserChatMessage(Texts(message));
    }

    /// <summary>A part of the answer.</summary>
    public static ChatResponseUpdate ToUpdate(StreamingChatCompletionUpdate part)
    {
        ChatResponseUpdate update = new()
        {
            Role = ChatRole.Assistant,
            ResponseId = part.CompletionId,
            ModelId = part.Model,
            FinishReason = ToFinishReason(part.FinishReason),
            Contents = [.. part.ContentUpdate.Where(content => content.Text is not null).Select(content => new TextContent(content.Text))],
        };
        if (part.RefusalUpdate is { Length: > 0 } refusal)
        {
            update.Contents.Add(new ErrorContent(refusal) { ErrorCode = "Refusal" });
        }

        if (part.Usage is { } usage)
        {
            update.Contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = usage.InputTokenCount,
                OutputTokenCount = usage.OutputTokenCount,
                TotalTokenCount = usage.TotalTokenCount,
            }));
        }

        return update;
    }

    private static AssistantChatMessage Assistant(ChatMessage message)
    {
        var calls = message.Contents.OfType<FunctionCallContent>().Select(ToToolCall).ToList();
        if (calls.Count == 0)
        {
            return new AssistantChatMessage(Texts(message));
        }

        AssistantChatMessage withCalls = new(calls);
        foreach (var text in message.Contents.OfType<TextContent>())
        {
            withCalls.Content.Add(ChatMessageContentPart.CreateTextPart(text.Text));
        }

        return withCalls;
    }

    private static ChatToolCall ToToolCall(FunctionCallContent call) =>
        ChatToolCall.CreateFunctionToolCall(call.CallId, call.Name, BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(call.Arguments)));

    /// <summary>At least one part: a message without any is refused, and an empty one is what was said.</summary>
    private static IEnumerable<ChatMessageContentPart> Texts(ChatMessage message) =>
        message.Contents.OfType<TextContent>().Select(text => text.Text).DefaultIfEmpty("").Select(ChatMessageContentPart.CreateTextPart);

    private static FinishReason? ToFinishReason(OpenAiFinishReason? reason) => reason switch
    {
        null => null,
        OpenAiFinishReason.Stop => FinishReason.Stop,
        OpenAiFinishReason.Length => FinishReason.Length,
        OpenAiFinishReason.ContentFilter => FinishReason.ContentFilter,
        OpenAiFinishReason.ToolCalls or OpenAiFinishReason.FunctionCall => FinishReason.ToolCalls,
        _ => new FinishReason(reason.Value.ToString()),
    };
}
