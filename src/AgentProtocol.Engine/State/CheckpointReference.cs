using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>The many ways to name a checkpoint (wire-contract 3.14, 5.11; 12 row 21).</summary>
internal static class CheckpointReference
{
    /// <summary>The checkpoint that a run's request wants to start from: in <c>checkpoint</c>, <c>checkpoint_id</c> or the configuration.</summary>
    public static Guid? OfRun(JsonElement request) =>
        IdOf(Member(request, "checkpoint"))
        ?? IdOf(Member(request, "checkpoint_id"))
        ?? IdOf(Member(Member(request, "config"), "configurable"));

    /// <summary>The id in text, in a checkpoint, or in a configuration that holds one; null where there is none.</summary>
    public static Guid? IdOf(JsonElement reference) => reference.ValueKind switch
    {
        JsonValueKind.String when reference.TryGetGuid(out var id) => id,
        JsonValueKind.Object when Member(reference, "configurable") is { ValueKind: JsonValueKind.Object } inner => IdOf(inner),
        JsonValueKind.Object when Member(reference, "checkpoint_id") is { ValueKind: JsonValueKind.String } id => IdOf(id),
        _ => null,
    };

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;
}
