using System.Text.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>Reads the values and states of other servers.</summary>
internal static class RemoteState
{
    /// <summary>A member of an object; undefined when there is none.</summary>
    public static JsonElement Member(JsonElement whole, string name) =>
        whole.ValueKind == JsonValueKind.Object && whole.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    /// <summary>The items of a list; nothing of any other value.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement list) => list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>The messages in values.</summary>
    public static IEnumerable<JsonElement> Messages(JsonElement values) =>
        Items(Member(values, "messages")).Where(message => message.ValueKind == JsonValueKind.Object);

    /// <summary>The questions in a list of interrupts; servers of old give them no id.</summary>
    public static IEnumerable<AgentEvent.Interrupt> Interrupts(JsonElement list) => Items(list)
        .Where(interrupt => interrupt.ValueKind == JsonValueKind.Object && interrupt.TryGetProperty("value", out _))
        .Select(interrupt => new AgentEvent.Interrupt(
            interrupt.GetProperty("value"), MessageText.Property(interrupt, "id") ?? MessageText.Property(interrupt, "interrupt_id")));

    /// <summary>The questions that a thread waits for, from its state.</summary>
    public static IEnumerable<AgentEvent.Interrupt> Pending(JsonElement state) => Items(Member(state, "tasks"))
        .SelectMany(task => Interrupts(Member(task, "interrupts")))
        .Concat(Interrupts(Member(state, "interrupts")))
        .DistinctBy(interrupt => interrupt.Id ?? interrupt.Value.GetRawText());
}
