using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>Turns every form in which clients send a message (wire-contract 7.1) into the one form we keep (7.3).</summary>
internal static class MessageNormalizer
{
    /// <summary>The id that removes all earlier messages.</summary>
    public const string RemoveAllId = "__remove_all__";

    /// <summary>Normalises a message or a list of messages.</summary>
    /// <exception cref="StateUpdateException">One of them has an unknown role or shape.</exception>
    public static List<NormalizedMessage> NormalizeAll(JsonElement messages, string path)
    {
        List<NormalizedMessage> result = [];
        if (messages.ValueKind == JsonValueKind.Array && !IsTuple(messages))
        {
            var index = 0;
            foreach (var message in messages.EnumerateArray())
            {
                result.Add(Normalize(message, $"{path}.{index++}"));
            }
        }
        else if (messages.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
        {
            result.Add(Normalize(messages, path));
        }

        return result;
    }

    private static NormalizedMessage Normalize(JsonElement message, string path) => message.ValueKind switch
    {
        JsonValueKind.String => Write("human", null, message, default, path),
        JsonValueKind.Array when IsTuple(message) => Write(TypeOf(message[0].GetString()!, path), null, message[1], default, path),
        JsonValueKind.Object => NormalizeObject(message, path),
        _ => throw new StateUpdateException(path, "must be a message object, a [type, content] pair or a string"),
    };

    private static NormalizedMessage NormalizeObject(JsonElement message, string path)
    {
        var body = Unwrap(message);
        var named = message.TryGetProperty("lc", out _) ? ConstructorName(message) : null;
        var type = named ?? Text(message, "type") ?? Text(body, "type") ?? Text(message, "role") ?? Text(body, "role")
            ?? throw new StateUpdateException(path, "must have a role or a type");
        body.TryGetProperty("content", out var content);
        return Write(TypeOf(type, path), Text(body, "id"), content, body, path);
    }

    /// <summary>The serialized forms <c>{type, data}</c> and <c>{lc, type: "constructor", id, kwargs}</c> carry the message inside.</summary>
    private static JsonElement Unwrap(JsonElement message) =>
        message.TryGetProperty("lc", out _) && message.TryGetProperty("kwargs", out var kwargs) && kwargs.ValueKind == JsonValueKind.Object ? kwargs
        : message.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object && !message.TryGetProperty("content", out _) ? data
        : message;

    private static string? ConstructorName(JsonElement message) =>
        message.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Array && id.GetArrayLength() > 0
            && id[id.GetArrayLength() - 1] is { ValueKind: JsonValueKind.String } name ? name.GetString() : null;

    private static bool IsTuple(JsonElement element) =>
        element.GetArrayLength() == 2 && element[0].ValueKind == JsonValueKind.String
        && element[1].ValueKind == JsonValueKind.String && IsKnown(element[0].GetString()!);

    private static bool IsKnown(string name) => Canonical(name) is not null;

    private static string TypeOf(string name, string path) =>
        Canonical(name) ?? throw new StateUpdateException(path, $"has the unknown role or type \"{name}\"");

    private static string? Canonical(string name)
    {
        if (name.EndsWith("MessageChunk", StringComparison.Ordinal))
        {
            name = name[..^"MessageChunk".Length];
        }
        else if (name.EndsWith("Message", StringComparison.Ordinal))
        {
            name = name[..^"Message".Length];
        }

        return name switch
        {
            "user" or "human" or "Human" => "human",
            "assistant" or "ai" or "AI" => "ai",
            "system" or "developer" or "System" => "system",
            "tool" or "Tool" => "tool",
            "function" or "Function" => "function",
            "remove" or "Remove" => "remove",
            _ => null,
        };
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static NormalizedMessage Write(string type, string? id, JsonElement content, JsonElement body, string path)
    {
        if (type == "remove")
        {
            return new NormalizedMessage(type, id ?? throw new StateUpdateException(path, "must name the message to remove in id"), "");
        }

        if (type == "tool" && (body.ValueKind != JsonValueKind.Object || Text(body, "tool_call_id") is null))
        {
            throw new StateUpdateException(path, "is a tool message and must have a tool_call_id");
        }

        id = string.IsNullOrEmpty(id) ? Guid.CreateVersion7().ToString() : id;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            WriteObject(writer, type, id, content, body);
        }

        return new NormalizedMessage(type, id, Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void WriteObject(Utf8JsonWriter writer, string type, string id, JsonElement content, JsonElement body)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteString("id", id);
        writer.WriteString("role", type switch { "human" => "user", "ai" => "assistant", _ => type });
        writer.WritePropertyName("content");
        if (content.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            writer.WriteStringValue("");
        }
        else
        {
            writer.WriteRawValue(content.GetRawText(), skipInputValidation: true);
        }

        if (body.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in body.EnumerateObject().Where(member => member.Name is not ("type" or "id" or "role" or "content")))
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
            }
        }

        WriteDefaults(writer, type, body);
        writer.WriteEndObject();
    }

    /// <summary>The members that LangChain's message classes always have.</summary>
    private static void WriteDefaults(Utf8JsonWriter writer, string type, JsonElement body)
    {
        void Default(string name, string json)
        {
            if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(name, out _))
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(json, skipInputValidation: true);
            }
        }

        Default("additional_kwargs", "{}");
        Default("response_metadata", "{}");
        if (type == "ai")
        {
            Default("tool_calls", "[]");
            Default("invalid_tool_calls", "[]");
        }
        else if (type == "tool")
        {
            Default("status", "\"success\"");
        }
    }
}

/// <summary>A message in our form.</summary>
/// <param name="Type"><c>human</c>, <c>ai</c>, <c>system</c>, <c>tool</c>, <c>function</c> or <c>remove</c>.</param>
/// <param name="Id">Its id; for <c>remove</c> the message to remove.</param>
/// <param name="Json">The object as JSON text; empty for <c>remove</c>.</param>
internal sealed record NormalizedMessage(string Type, string Id, string Json);
