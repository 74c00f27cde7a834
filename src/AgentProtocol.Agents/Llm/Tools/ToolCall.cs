using System.Text.Json;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>A call that an answer of the model makes.</summary>
/// <param name="Id">Its id, by which its result is found.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">An object.</param>
/// <param name="Mistake">What is wrong with it, for the model; null when it can be run.</param>
internal sealed record ToolCall(string Id, string Name, JsonElement Arguments, string? Mistake = null)
{
    private const int LongestQuote = 500;

    /// <summary>The calls of a message, those that cannot be run last; none when it is no answer.</summary>
    public static IReadOnlyList<ToolCall> In(JsonElement message) =>
        [.. List(message, "tool_calls").Select(Valid), .. List(message, "invalid_tool_calls").Select(Invalid)];

    private static ToolCall Valid(JsonElement call) => new(Text(call, "id"), Text(call, "name"), Object(call));

    private static ToolCall Invalid(JsonElement call)
    {
        var written = Text(call, "args");
        var quote = written.Length <= LongestQuote ? written : written[..LongestQuote] + "…";
        return new ToolCall(Text(call, "id"), Text(call, "name"), AgentJson.EmptyObject, $"{Text(call, "error")} This is what was written: {quote}");
    }

    private static JsonElement.ArrayEnumerator List(JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out var calls) && calls.ValueKind == JsonValueKind.Array
            ? calls.EnumerateArray()
            : default;

    private static JsonElement Object(JsonElement call) =>
        call.ValueKind == JsonValueKind.Object && call.TryGetProperty("args", out var args) && args.ValueKind == JsonValueKind.Object
            ? args
            : AgentJson.EmptyObject;

    private static string Text(JsonElement call, string name) => MessageText.Property(call, name) ?? "";
}
