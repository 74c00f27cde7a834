using System.Text.Json;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>What a person has decided about a call.</summary>
/// <param name="Call">The call as it is to be made.</param>
/// <param name="Rejection">Why it is not made, for the model; null when it is.</param>
/// <param name="IsEdited">Whether the call is another than the model's.</param>
internal sealed record Decision(ToolCall Call, string? Rejection = null, bool IsEdited = false)
{
    /// <summary>Reads the answers to a request (wire-contract 5.8): one for each call in their order, or one for all.</summary>
    /// <param name="answer">The answers.</param>
    /// <param name="asked">The ids of the calls that the request was about.</param>
    /// <param name="calls">The calls that are still to be made.</param>
    /// <exception cref="FormatException">The answer says something else; the message is for whoever gave it.</exception>
    public static IReadOnlyDictionary<string, Decision> Read(JsonElement answer, IReadOnlyList<string> asked, IReadOnlyList<ToolCall> calls)
    {
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("decisions", out var list))
        {
            answer = list;
        }

        JsonElement[] decisions = answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : [answer];
        if (decisions.Length != asked.Count && decisions.Length != 1)
        {
            throw new FormatException($"There are {decisions.Length} decisions for {asked.Count} calls: give one for each, or one for all.");
        }

        return asked.Select((id, index) => (Id: id, Decision: decisions[decisions.Length == 1 ? 0 : index]))
            .Join(calls, each => each.Id, call => call.Id, (each, call) => One(call, each.Decision))
            .ToDictionary(decision => decision.Call.Id);
    }

    private static Decision One(ToolCall call, JsonElement decision) => decision.ValueKind switch
    {
        JsonValueKind.True => new Decision(call),
        JsonValueKind.False => Rejected(call, message: null),
        _ => MessageText.Property(decision, "type") switch
        {
            "approve" => new Decision(call),
            "reject" => Rejected(call, MessageText.Property(decision, "message")),
            "edit" => Edited(call, decision),
            _ => throw new FormatException("A decision is {\"type\": \"approve\"}, {\"type\": \"reject\", \"message\": …} or {\"type\": \"edit\", \"edited_action\": {\"name\": …, \"args\": {…}}}."),
        },
    };

    private static Decision Rejected(ToolCall call, string? message) =>
        new(call, string.IsNullOrWhiteSpace(message) ? "A person has rejected this call." : message);

    /// <summary>The Python and the JavaScript packages spell it differently.</summary>
    private static Decision Edited(ToolCall call, JsonElement decision)
    {
        if ((decision.TryGetProperty("edited_action", out var action) || decision.TryGetProperty("editedAction", out action))
            && action.ValueKind == JsonValueKind.Object
            && action.TryGetProperty("args", out var arguments)
            && arguments.ValueKind == JsonValueKind.Object)
        {
            return new Decision(call with { Name = MessageText.Property(action, "name") ?? call.Name, Arguments = arguments }, IsEdited: true);
        }

        throw new FormatException("An edit needs \"edited_action\" with \"args\", an object.");
    }
}
