using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Threads;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Which past states may be asked for, and the many ways to name a checkpoint (wire-contract 3.11, 3.14; 12 row 21).</summary>
internal static class HistoryRules
{
    /// <summary>Checks a body; its <c>before</c> comes back as the bare id, whichever form it had.</summary>
    public static ThreadHistoryRequest Check(ThreadHistoryRequest history)
    {
        FieldErrors errors = default;
        errors.Paging(history.Limit, offset: null);
        errors.Object("metadata", history.Metadata);
        if (Namespace(history.Checkpoint) is { Length: > 0 })
        {
            errors.NotSupported("checkpoint.checkpoint_ns");
        }

        errors.ThrowIfAny();
        return history with { Before = Before(CheckpointOf(history.Before, "before")) };
    }

    /// <summary>The form of <c>before</c> that the engine reads.</summary>
    public static JsonElement? Before(Guid? checkpointId) => checkpointId is { } id
        ? JsonSerializer.SerializeToElement(new RawJson($"\"{id}\""), ProtocolJsonContext.Default.RawJson)
        : null;

    /// <summary>The checkpoint that a body names; null for the current state.</summary>
    public static Guid? Check(ThreadStateRequest request) => RootCheckpoint(request.Checkpoint);

    /// <summary>A checkpoint of the root graph; null where the reference names none, which means the current state.</summary>
    public static Guid? RootCheckpoint(JsonElement? reference) => Namespace(reference) is { Length: > 0 }
        ? throw ProtocolException.InvalidField("checkpoint.checkpoint_ns", "not supported yet", "not_supported")
        : CheckpointOf(reference, "checkpoint");

    /// <summary>Reads an id, a checkpoint object, or a config object.</summary>
    public static Guid? CheckpointOf(JsonElement? reference, string field)
    {
        switch (reference?.ValueKind)
        {
            case null or JsonValueKind.Null:
                return null;
            case JsonValueKind.String when Guid.TryParseExact(reference.Value.TextOrNull(), "D", out var id):
                return id;
            case JsonValueKind.Object when Member(reference, "configurable") is { ValueKind: JsonValueKind.Object } configurable:
                return CheckpointOf(Member(configurable, "checkpoint_id"), field);
            case JsonValueKind.Object when Member(reference, "checkpoint_id") is not { ValueKind: JsonValueKind.Object }:
                return CheckpointOf(Member(reference, "checkpoint_id"), field);
            default:
                throw ProtocolException.InvalidField(field, "must be the UUID of a checkpoint or an object with one in checkpoint_id");
        }
    }

    /// <summary>What is no valid text is some namespace, too, and not the root.</summary>
    private static string? Namespace(JsonElement? reference) =>
        Member(reference, "checkpoint_ns") is { ValueKind: JsonValueKind.String } name ? name.TextOrNull() ?? name.GetRawText() : null;

    private static JsonElement? Member(JsonElement? value, string name) =>
        value is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var member) ? member : null;
}
