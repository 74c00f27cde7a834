using System.Text;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>A state as the streaming protocol shows it: without what is empty, and with tool calls in their own place (wire-contract 6.11).</summary>
internal static class ProtocolValues
{
    public static string ToProtocolJson(this StateValues state)
    {
        var text = new StringBuilder("{");
        if (!state.Messages.IsEmpty)
        {
            text.Append("\"messages\":[");
            for (var i = 0; i < state.Messages.Length; i++)
            {
                text.Append(i == 0 ? "" : ",").Append(Normalize(state.Messages[i].Json));
            }

            text.Append(']');
        }

        foreach (var (key, json) in state.Others)
        {
            text.Append(text.Length > 1 ? "," : "").AppendJsonString(key).Append(':').Append(JsonText.SingleLine(json));
        }

        return text.Append('}').ToString();
    }

    private static string Normalize(string json)
    {
        var message = JsonText.Parse(json);
        var lifted = LiftedCalls(message);
        var text = new StringBuilder("{");
        foreach (var member in message.EnumerateObject())
        {
            if (IsDropped(member) || (lifted is not null && member.Name is "tool_calls" or "invalid_tool_calls"))
            {
                continue;
            }

            Append(text, member.Name, lifted is not null && member.NameEquals("additional_kwargs") ? WithoutCalls(member.Value) : member.Value.GetRawText());
        }

        if (lifted is var (calls, invalid))
        {
            Append(text, "tool_calls", calls);
            Append(text, "invalid_tool_calls", invalid);
        }

        return text.Append('}').ToString();
    }

    private static bool IsDropped(JsonProperty member) =>
        member.NameEquals("tool_call_chunks")
        || (member.Name is "additional_kwargs" or "response_metadata" && member.Value.ValueKind == JsonValueKind.Object
            && !member.Value.EnumerateObject().MoveNext());

    /// <summary>Calls in OpenAI's own form, where the message has none in ours.</summary>
    private static (string Calls, string Invalid)? LiftedCalls(JsonElement message)
    {
        if (!message.TryGetProperty("additional_kwargs", out var kwargs) || kwargs.ValueKind != JsonValueKind.Object
            || !kwargs.TryGetProperty("tool_calls", out var given) || given.ValueKind != JsonValueKind.Array
            || (message.TryGetProperty("tool_calls", out var own) && own.ValueKind == JsonValueKind.Array && own.GetArrayLength() > 0))
        {
            return null;
        }

        List<string> calls = [];
        List<string> invalid = [];
        foreach (var call in given.EnumerateArray())
        {
            var function = call.ValueKind == JsonValueKind.Object && call.TryGetProperty("function", out var value) ? value : default;
            var id = Raw(call, "id", "null");
            var name = Raw(function, "name", "\"\"");
            if (ParsedArguments(function) is { } arguments)
            {
                calls.Add($$"""{"name":{{name}},"args":{{arguments}},"id":{{id}},"type":"tool_call"}""");
            }
            else
            {
                invalid.Add($$"""{"name":{{name}},"args":{{Raw(function, "arguments", "\"\"")}},"id":{{id}},"type":"invalid_tool_call"}""");
            }
        }

        return ($"[{string.Join(',', calls)}]", $"[{string.Join(',', invalid)}]");
    }

    private static string? ParsedArguments(JsonElement function)
    {
        if (function.ValueKind != JsonValueKind.Object || !function.TryGetProperty("arguments", out var text) || text.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            var arguments = JsonText.Parse(text.GetString()!);
            return arguments.ValueKind == JsonValueKind.Object ? JsonText.SingleLine(arguments.GetRawText()) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A model may well write arguments that are no JSON, or half a surrogate pair.
            return null;
        }
    }

    private static string WithoutCalls(JsonElement kwargs)
    {
        var text = new StringBuilder("{");
        foreach (var member in kwargs.EnumerateObject().Where(member => !member.NameEquals("tool_calls")))
        {
            Append(text, member.Name, member.Value.GetRawText());
        }

        return text.Append('}').ToString();
    }

    private static string Raw(JsonElement element, string name, string otherwise) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.GetRawText() : otherwise;

    private static void Append(StringBuilder text, string name, string json) =>
        text.Append(text.Length > 1 ? "," : "").AppendJsonString(name).Append(':').Append(JsonText.SingleLine(json));
}
