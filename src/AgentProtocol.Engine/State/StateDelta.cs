using System.Text;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>
/// What one checkpoint changed, as an ordered list of operations. Written as a JSON array of objects with one of
/// <c>append</c>, <c>replace</c>, <c>remove</c>, <c>clear</c>, <c>set</c> (with <c>to</c>).
/// Each method records an operation and returns the state after it.
/// </summary>
internal sealed class StateDelta
{
    private readonly StringBuilder operations = new("[");

    public bool IsEmpty => operations.Length == 1;

    /// <summary>Appends a message, or replaces the one with its id where it stands.</summary>
    public StateValues Put(StateValues state, StateMessage message)
    {
        var index = state.IndexOf(message.Id);
        Begin().Append(index < 0 ? "{\"append\":" : "{\"replace\":").Append(message.Json).Append('}');
        return Placed(state, message, index);
    }

    public StateValues Remove(StateValues state, string messageId)
    {
        Begin().Append("{\"remove\":").AppendJsonString(messageId).Append('}');
        return Removed(state, messageId);
    }

    public StateValues Clear(StateValues state)
    {
        Begin().Append("{\"clear\":true}");
        return state.WithMessages([]);
    }

    public StateValues Set(StateValues state, string key, string json)
    {
        Begin().Append("{\"set\":").AppendJsonString(key).Append(",\"to\":").Append(json).Append('}');
        return state.With(key, json);
    }

    public string ToJson() => IsEmpty ? "[]" : operations + "]";

    /// <summary>Reads a whole state as <see cref="StateValues.ToJson"/> wrote it.</summary>
    public static StateValues ReadSnapshot(string snapshot)
    {
        if (snapshot == "{}")
        {
            return StateValues.Empty;
        }

        using var document = JsonDocument.Parse(snapshot, JsonText.DocumentOptions);
        var state = StateValues.Empty;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            state = member.NameEquals("messages")
                ? state.WithMessages([.. member.Value.EnumerateArray().Select(ReadMessage)])
                : state.With(member.Name, member.Value.GetRawText());
        }

        return state;
    }

    /// <summary>Repeats a recorded delta.</summary>
    public static StateValues Replay(StateValues state, string delta)
    {
        if (delta == "[]")
        {
            return state;
        }

        using var document = JsonDocument.Parse(delta, JsonText.DocumentOptions);
        foreach (var operation in document.RootElement.EnumerateArray())
        {
            state = Replay(state, operation);
        }

        return state;
    }

    private static StateValues Replay(StateValues state, JsonElement operation)
    {
        var first = operation.EnumerateObject().First();
        return first.Name switch
        {
            "append" => Placed(state, ReadMessage(first.Value), -1),
            "replace" => Placed(state, ReadMessage(first.Value), state.IndexOf(first.Value.GetProperty("id").GetString()!)),
            "remove" => Removed(state, first.Value.GetString()!),
            "clear" => state.WithMessages([]),
            "set" => state.With(first.Value.GetString()!, operation.GetProperty("to").GetRawText()),
            _ => throw new InvalidDataException($"A checkpoint holds the unknown operation \"{first.Name}\""),
        };
    }

    private static StateMessage ReadMessage(JsonElement message) => new(message.GetProperty("id").GetString()!, message.GetRawText());

    private static StateValues Placed(StateValues state, StateMessage message, int index)
    {
        if (index < 0)
        {
            return state.WithMessages([.. state.Messages, message]);
        }

        var changed = state.Messages.ToArray();
        changed[index] = message;
        return state.WithMessages(changed);
    }

    private static StateValues Removed(StateValues state, string messageId) =>
        state.WithMessages([.. state.Messages.ToArray().Where(message => message.Id != messageId)]);

    private StringBuilder Begin() => IsEmpty ? operations : operations.Append(',');
}
