using System.Text.Json;

namespace AgentProtocol.Agents.Wire;

/// <summary>Writes messages, and the updates that bring them, without touching what their authors put into them.</summary>
internal static class MessageJson
{
    /// <summary>An update with one message, an answer unless it says otherwise.</summary>
    /// <param name="message">An object with the members of the message.</param>
    /// <param name="envelope">The value of <c>type</c> that is no type of a message but names what surrounds it.</param>
    public static JsonElement Update(JsonElement message, string envelope) => AgentJson.Write(256, (message, envelope), static (writer, value) =>
    {
        WriteUpdate(writer, () =>
        {
            var type = MessageText.Property(value.message, "type") is { } own && own != value.envelope ? own : MessageText.Property(value.message, "role");
            writer.WriteStartObject();
            writer.WriteString("type"u8, type ?? "ai");
            if (MessageText.Property(value.message, "message_id") is { } id)
            {
                writer.WriteString("id"u8, id);
                WriteMembers(writer, value.message, "type", "role", "node", "message_id", "id");
            }
            else
            {
                WriteMembers(writer, value.message, "type", "role", "node");
            }

            writer.WriteEndObject();
        });
    });

    /// <summary>An update with one answer, whose id the server makes.</summary>
    public static JsonElement Answer(string text) => Answers([(null, text)]);

    /// <summary>An update with answers.</summary>
    public static JsonElement Answers(IEnumerable<(string? Id, string Text)> answers) => AgentJson.Write(256, answers, static (writer, answers) =>
    {
        WriteUpdate(writer, () =>
        {
            foreach (var (id, text) in answers)
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, "ai"u8);
                if (id is not null)
                {
                    writer.WriteString("id"u8, id);
                }

                writer.WriteString("content"u8, text);
                writer.WriteEndObject();
            }
        });
    });

    /// <summary>The same object with an id.</summary>
    public static JsonElement WithId(JsonElement message, string id) => AgentJson.Write(256, (message, id), static (writer, value) =>
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, value.id);
        WriteMembers(writer, value.message, "id");
        writer.WriteEndObject();
    });

    /// <summary>The same update with other messages.</summary>
    public static JsonElement WithMessages(JsonElement update, IReadOnlyList<JsonElement> messages) =>
        AgentJson.Write(1024, (update, messages), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages"u8);
            foreach (var message in value.messages)
            {
                writer.WriteRawValue(message.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndArray();
            WriteMembers(writer, value.update, "messages");
            writer.WriteEndObject();
        });

    /// <summary>The members of an object but for some.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, JsonElement whole, params ReadOnlySpan<string> without)
    {
        foreach (var member in whole.EnumerateObject())
        {
            if (!without.Contains(member.Name))
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
            }
        }
    }

    private static void WriteUpdate(Utf8JsonWriter writer, Action messages)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("messages"u8);
        messages();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
