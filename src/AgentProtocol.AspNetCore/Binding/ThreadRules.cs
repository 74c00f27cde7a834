using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.Contracts.Threads;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What the bodies about threads may hold (wire-contract 3).</summary>
internal static class ThreadRules
{
    /// <summary>What <c>select</c> may name: the list of wire-contract 3.2 and the other members that we send.</summary>
    private static readonly FrozenSet<string> Members = FrozenSet.Create(
        "thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "config", "context", "status", "values",
        "interrupts", "messages", "error", "ttl");

    public static void Check(ThreadCreate thread)
    {
        FieldErrors errors = default;
        errors.Object("metadata", thread.Metadata);
        errors.OneOf("if_exists", thread.IfExists, "raise", "do_nothing");
        CheckTtl(thread.Ttl, ref errors);
        errors.NotSupported("supersteps", thread.Supersteps);
        errors.ThrowIfAny();
    }

    public static void Check(ThreadSearchRequest search)
    {
        FieldErrors errors = default;
        errors.Object("metadata", search.Metadata);
        errors.Object("values", search.Values);
        errors.Paging(search.Limit, search.Offset);
        errors.OneOf("sort_by", search.SortBy, "thread_id", "status", "created_at", "updated_at", "state_updated_at");
        errors.OneOf("sort_order", search.SortOrder, "asc", "desc");
        errors.AllOf("select", search.Select, Members);
        errors.NotSupported("extract", search.Extract);
        errors.ThrowIfAny();
    }

    public static void Check(ThreadPatch patch)
    {
        FieldErrors errors = default;
        errors.Object("metadata", patch.Metadata);
        CheckTtl(patch.Ttl, ref errors);
        CheckValues(patch.Values, ref errors);
        if (patch.Messages is { ValueKind: not JsonValueKind.Array })
        {
            errors.Add("messages", "must be a list of messages", "type_error");
        }

        // A patch of nothing but metadata has no use for a checkpoint and ignores it (wire-contract 3.5).
        if (patch.Values is not null || patch.Messages is not null)
        {
            errors.NoCheckpoint("checkpoint", patch.Checkpoint);
        }

        errors.ThrowIfAny();
    }

    public static void Check(ThreadStateUpdate update)
    {
        FieldErrors errors = default;
        CheckValues(update.Values, ref errors);
        errors.NoCheckpoint("checkpoint", update.Checkpoint);
        if (!string.IsNullOrEmpty(update.CheckpointId))
        {
            errors.NotSupported("checkpoint_id");
        }

        errors.ThrowIfAny();
    }

    public static void Check(ThreadStatePatch patch)
    {
        FieldErrors errors = default;
        errors.Object("metadata", patch.Metadata);
        errors.ThrowIfAny();
    }

    private static void CheckValues(JsonElement? values, ref FieldErrors errors)
    {
        var valid = values?.ValueKind switch
        {
            null or JsonValueKind.Object => true,
            JsonValueKind.Array => values.Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object),
            _ => false,
        };
        if (!valid)
        {
            errors.Add("values", "must be an object or a list of objects", "type_error");
        }
    }

    private static void CheckTtl(JsonElement? ttl, ref FieldErrors errors)
    {
        if (ttl is not { } value)
        {
            return;
        }

        var minutes = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("ttl", out var inner) ? inner : value;
        if (minutes.ValueKind != JsonValueKind.Number || !minutes.TryGetDouble(out var number) || !(number > 0) || !double.IsFinite(number))
        {
            errors.Add("ttl", "must be a number of minutes above 0, or an object with one in ttl", "type_error");
        }

        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("strategy", out var strategy) && !strategy.ValueEqualsText("delete"))
        {
            errors.Add("ttl.strategy", "must be delete");
        }
    }

    private static bool ValueEqualsText(this JsonElement element, string text) =>
        element.ValueKind == JsonValueKind.String && element.ValueEquals(text);
}
