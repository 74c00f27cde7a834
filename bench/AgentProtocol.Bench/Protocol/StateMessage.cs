using System.Text.Json;
using AgentProtocol.Bench.Http;

namespace AgentProtocol.Bench.Protocol;

/// <summary>A message of a thread's state, reduced to who said what.</summary>
internal readonly record struct StateMessage(bool FromUser, string Text)
{
    public static StateMessage[] ReadAll(ReadOnlySpan<byte> state)
    {
        var reader = new Utf8JsonReader(state);
        using var document = JsonDocument.ParseValue(ref reader);
        if (!document.RootElement.TryGetProperty("values", out var values)
            || values.ValueKind != JsonValueKind.Object
            || !values.TryGetProperty("messages", out var messages)
            || messages.ValueKind != JsonValueKind.Array)
        {
            throw new UnexpectedAnswerException("a thread state without messages");
        }

        return [.. messages.EnumerateArray().Select(Read)];
    }

    private static StateMessage Read(JsonElement message)
    {
        // Servers name the author by type (human) or by role (user).
        var fromUser = Has(message, "type", "human") || Has(message, "role", "user");
        return new StateMessage(fromUser, message.TryGetProperty("content", out var content) ? TextOf(content) : "");
    }

    private static bool Has(JsonElement message, string name, string value) =>
        message.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String && field.ValueEquals(value);

    private static string TextOf(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(
            block => block.ValueKind == JsonValueKind.Object && block.TryGetProperty("text", out var text) ? text.GetString() : "")),
        _ => "",
    };
}
