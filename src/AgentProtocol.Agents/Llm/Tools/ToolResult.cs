using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>What came of a call.</summary>
/// <param name="Call">The call.</param>
/// <param name="Text">What the model reads.</param>
/// <param name="IsError">Whether it failed.</param>
internal sealed record ToolResult(ToolCall Call, string Text, bool IsError)
{
    private const int Longest = 256 * 1024;

    /// <summary>What the model reads. A text without end would fill the thread, and no model could read it.</summary>
    public string Text { get; } = Text.Length <= Longest ? Text : $"{Text[..Longest]}\n[Cut off here: {Text.Length} characters in all.]";

    /// <summary>The result of a call that was made.</summary>
    public static ToolResult Of(ToolCall call, object? value) => new(call, TextOf(value), IsError: false);

    /// <summary>The message that is added to the thread (wire-contract 7.3).</summary>
    public void WriteMessage(Utf8JsonWriter writer, TimeProvider time)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "tool"u8);
        writer.WriteString("id"u8, Guid.CreateVersion7(time.GetUtcNow()).ToString());
        writer.WriteString("content"u8, Text);
        writer.WriteString("tool_call_id"u8, Call.Id);
        writer.WriteString("name"u8, Call.Name);
        writer.WriteString("status"u8, IsError ? "error"u8 : "success"u8);
        writer.WriteEndObject();
    }

    private static string TextOf(object? value) => value switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => MessageText.Read(element),
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        JsonElement element => element.GetRawText(),
        TextContent content => content.Text,
        IEnumerable<AIContent> contents => string.Join('\n', contents.Select(TextOf)),
        _ => JsonSerializer.Serialize(value, value.GetType(), AIJsonUtilities.DefaultOptions),
    };
}
