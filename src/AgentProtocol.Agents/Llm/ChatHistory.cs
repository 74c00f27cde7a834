using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Turns the messages of a thread (wire-contract 7.3) into what a chat model reads.</summary>
internal static class ChatHistory
{
    /// <summary>The instructions, if any, and behind them every message of the thread.</summary>
    public static IEnumerable<ChatMessage> From(string? instructions, IReadOnlyList<JsonElement> messages)
    {
        if (instructions is not null)
        {
            yield return new ChatMessage(ChatRole.System, instructions);
        }

        foreach (var message in messages)
        {
            yield return Convert(message);
        }
    }

    private static ChatMessage Convert(JsonElement message) => MessageText.Property(message, "type") switch
    {
        "ai" => new ChatMessage(ChatRole.Assistant, [.. Texts(message), .. ToolCalls(message)]),
        "system" => new ChatMessage(ChatRole.System, Texts(message)),
        "tool" => new ChatMessage(ChatRole.Tool, [ToolResult(message)]),

        // A type that no model has is still something that was said to it.
        _ => new ChatMessage(ChatRole.User, UserContent.Of(message)),
    };

    private static List<AIContent> Texts(JsonElement message) =>
        [.. MessageText.PartsOf(message).Select(text => new TextContent(text))];

    /// <summary>Calls of an earlier answer. A model refuses a tool message whose call it cannot see.</summary>
    private static IEnumerable<AIContent> ToolCalls(JsonElement message) =>
        message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array
            ? calls.EnumerateArray().Select(call => new FunctionCallContent(
                MessageText.Property(call, "id") ?? "",
                MessageText.Property(call, "name") ?? "",
                Arguments(call)))
            : [];

    private static Dictionary<string, object?> Arguments(JsonElement call)
    {
        Dictionary<string, object?> arguments = [];
        if (call.TryGetProperty("args", out var args) && args.ValueKind == JsonValueKind.Object)
        {
            foreach (var argument in args.EnumerateObject())
            {
                arguments[argument.Name] = argument.Value;
            }
        }

        return arguments;
    }

    private static FunctionResultContent ToolResult(JsonElement message) =>
        new(MessageText.Property(message, "tool_call_id") ?? "", MessageText.Of(message));
}
