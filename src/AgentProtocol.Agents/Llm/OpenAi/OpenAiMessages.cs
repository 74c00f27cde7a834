using System.Text.Encodings.Web;
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
    // Escapes of everything that is not ASCII would be tokens to pay for.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The instructions, if any, and the messages of the history.</summary>
    public static IEnumerable<OpenAiMessage> From(string? instructions, IEnumerable<ChatMessage> messages)
    {
        IEnumerable<OpenAiMessage> told = instructions is null ? [] : [new SystemChatMessage(instructions)];
        return told.Concat(messages.SelectMany(From));
    }

    private static IEnumerable<OpenAiMessage> From(ChatMessage message)
    {
        if (message.Role == ChatRole.Tool)
        {
            // On this wire every result is a message of its own.
            return message.Contents.OfType<FunctionResultContent>().Select(result => new ToolChatMessage(result.CallId, Text(result.Result)));
        }

        return message.Role == ChatRole.Assistant ? [Assistant(message)]
            : message.Role == ChatRole.System ? [new SystemChatMessage(Texts(message))]
            : [new UserChatMessage(Parts(message))];
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
                CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
                ReasoningTokenCount = usage.OutputTokenDetails?.ReasoningTokenCount,
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
        ChatToolCall.CreateFunctionToolCall(call.CallId, call.Name, BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(
            call.Arguments ?? new Dictionary<string, object?>(), Json)));

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        _ => JsonSerializer.Serialize(result, Json),
    };

    /// <summary>Texts and images, in their order.</summary>
    private static IEnumerable<ChatMessageContentPart> Parts(ChatMessage message)
    {
        List<ChatMessageContentPart> parts = [];
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent text:
                    parts.Add(ChatMessageContentPart.CreateTextPart(text.Text));
                    break;
                case DataContent data when data.HasTopLevelMediaType("image"):
                    parts.Add(ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(data.Data), data.MediaType));
                    break;
                case UriContent link when link.HasTopLevelMediaType("image"):
                    parts.Add(ChatMessageContentPart.CreateImagePart(link.Uri));
                    break;
            }
        }

        return parts.Count > 0 ? parts : Texts(message);
    }

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
