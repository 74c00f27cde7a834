using System.Text;
using System.Text.Json;

namespace AgentProtocol.Agents.Wire;

/// <summary>
/// The messages that an agent has begun to stream and has not brought whole. Most agents name no ids: what they stream and
/// the answer that they then bring has to be the same message nevertheless, or its readers would see it twice.
/// </summary>
/// <param name="time">The clock that ids are made with.</param>
internal sealed class OpenMessages(TimeProvider time)
{
    private readonly OrderedDictionary<string, StringBuilder> texts = [];
    private string? unnamed;

    /// <summary>Takes in a piece and returns the id of its message.</summary>
    public string Add(string? id, string text)
    {
        id ??= unnamed ??= Guid.CreateVersion7(time.GetUtcNow()).ToString();
        if (!texts.TryGetValue(id, out var whole))
        {
            texts.Add(id, whole = new StringBuilder());
        }

        whole.Append(text);
        return id;
    }

    /// <summary>The update, in which the answer without an id has that of the message which was streamed without one.</summary>
    public JsonElement Close(JsonElement update)
    {
        if (texts.Count == 0 || !update.TryGetProperty("messages", out var messages))
        {
            return update;
        }

        List<JsonElement> list = messages.ValueKind == JsonValueKind.Array ? [.. messages.EnumerateArray()] : [messages];
        var answer = unnamed is null ? -1 : list.FindLastIndex(IsAnswerWithoutId);
        if (answer >= 0)
        {
            list[answer] = MessageJson.WithId(list[answer], unnamed!);
            (update, unnamed) = (MessageJson.WithMessages(update, list), null);
        }

        foreach (var id in list.Select(message => MessageText.Property(message, "id")).OfType<string>())
        {
            texts.Remove(id);
        }

        return update;
    }

    /// <summary>An update with all that was not brought whole; null when there is nothing.</summary>
    public JsonElement? TakeAll()
    {
        if (texts.Count == 0)
        {
            return null;
        }

        var update = MessageJson.Answers([.. texts.Select(each => ((string?)each.Key, each.Value.ToString()))]);
        texts.Clear();
        unnamed = null;
        return update;
    }

    private static bool IsAnswerWithoutId(JsonElement message) =>
        MessageText.Property(message, "id") is null
        && (MessageText.Property(message, "type") ?? MessageText.Property(message, "role")) is "ai" or "assistant";
}
