using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What a run's <c>command</c> may be (wire-contract 5.9).</summary>
internal static class CommandRules
{
    public static void Check(RunCreate run, ref FieldErrors errors)
    {
        errors.Object("command", run.Command);
        if (run.Command is not { ValueKind: JsonValueKind.Object } command)
        {
            return;
        }

        if (run.Input is { } input && input.ValueKind != JsonValueKind.Null && !IsEmptyObject(input))
        {
            errors.Add("command", "excludes input");
        }

        if (command.TryGetProperty("goto", out var target) && target.ValueKind != JsonValueKind.Null
            && !(target.ValueKind == JsonValueKind.Array && target.GetArrayLength() == 0))
        {
            errors.Add("command.goto", "needs a graph: the agents of this server choose their steps themselves");
        }

        if (command.TryGetProperty("update", out var update) && !IsUpdate(update))
        {
            errors.Add("command.update", "must be an object or a list of [key, value] pairs", "type_error");
        }
    }

    private static bool IsUpdate(JsonElement update) =>
        update.ValueKind is JsonValueKind.Null or JsonValueKind.Object
        || (update.ValueKind == JsonValueKind.Array && update.EnumerateArray().All(
            pair => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair[0].TextOrNull() is not null));

    private static bool IsEmptyObject(JsonElement input) => input.ValueKind == JsonValueKind.Object && !input.EnumerateObject().MoveNext();
}
