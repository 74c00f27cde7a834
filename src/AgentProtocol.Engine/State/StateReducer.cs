using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>Merges an update into a state: messages by id, every other key by assignment (wire-contract 7.2).</summary>
internal static class StateReducer
{
    /// <summary>Applies an update.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="update">An object; null and undefined change nothing.</param>
    /// <param name="delta">Collects what changed, in order.</param>
    /// <exception cref="StateUpdateException">The update has the wrong shape, or removes a message that is not there.</exception>
    public static StateValues Apply(StateValues state, JsonElement update, StateDelta delta)
    {
        if (update.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return state;
        }

        if (update.ValueKind != JsonValueKind.Object)
        {
            throw new StateUpdateException("values", "must be an object");
        }

        return Guard("values", () =>
        {
            foreach (var member in update.EnumerateObject())
            {
                state = member.NameEquals("messages")
                    ? ApplyMessages(state, member.Value, "messages", delta)
                    : delta.Set(state, member.Name, JsonText.SingleLine(member.Value.GetRawText()));
            }

            return state;
        });
    }

    /// <summary>Applies an update, or several in a list, one after the other.</summary>
    public static StateValues ApplyAll(StateValues state, JsonElement updates, StateDelta delta) =>
        updates.ValueKind == JsonValueKind.Array
            ? updates.EnumerateArray().Aggregate(state, (merged, each) => Apply(merged, each, delta))
            : Apply(state, updates, delta);

    /// <summary>Applies the <c>update</c> of a command: an object, or a list of [key, value] pairs (wire-contract 5.9).</summary>
    public static StateValues ApplyPairs(StateValues state, JsonElement update, StateDelta delta)
    {
        if (update.ValueKind != JsonValueKind.Array)
        {
            return Apply(state, update, delta);
        }

        foreach (var pair in update.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String)
            {
                throw new StateUpdateException("command.update", "must be an object or a list of [key, value] pairs");
            }

            state = Apply(state, JsonText.Parse($"{{{pair[0].GetRawText()}:{pair[1].GetRawText()}}}"), delta);
        }

        return state;
    }

    /// <summary>Applies one message or several.</summary>
    public static StateValues ApplyMessages(StateValues state, JsonElement messages, string path, StateDelta delta) =>
        Guard(path, () => Merge(state, messages, path, delta));

    private static StateValues Merge(StateValues state, JsonElement messages, string path, StateDelta delta)
    {
        foreach (var message in MessageNormalizer.NormalizeAll(messages, path))
        {
            state = message switch
            {
                { Type: "remove", Id: MessageNormalizer.RemoveAllId } => delta.Clear(state),
                { Type: "remove" } when state.IndexOf(message.Id) < 0 =>
                    throw new StateUpdateException(path, $"cannot remove message \"{message.Id}\", which is not in the state"),
                { Type: "remove" } => delta.Remove(state, message.Id),
                _ => delta.Put(state, new StateMessage(message.Id, JsonText.SingleLine(message.Json))),
            };
        }

        return state;
    }

    /// <summary>JsonElement refuses to hand out text that holds half of a surrogate pair.</summary>
    private static StateValues Guard(string path, Func<StateValues> apply)
    {
        try
        {
            return apply();
        }
        catch (InvalidOperationException)
        {
            throw new StateUpdateException(path, "has a key, role, type or id that is not valid Unicode");
        }
    }
}
