using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.Contracts.Json;
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
        CheckSupersteps(thread.Supersteps ?? [], ref errors);
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
        errors.AtMost("ids", search.Ids, Limits.MaxLimit);
        errors.Object("extract", search.Extract);
        errors.ThrowIfAny();
    }

    public static void Check(ThreadPruneRequest prune)
    {
        FieldErrors errors = default;
        if (prune.ThreadIds is null)
        {
            errors.Add("thread_ids", "is required", "missing");
        }

        errors.AtMost("thread_ids", prune.ThreadIds, Limits.MaxLimit);
        errors.OneOf("strategy", prune.Strategy, "delete", "keep_latest");
        errors.ThrowIfAny();
    }

    /// <summary>Checks a patch and gives the checkpoint that it starts from. One of nothing but metadata ignores it (wire-contract 3.5).</summary>
    public static Guid? Check(ThreadPatch patch)
    {
        FieldErrors errors = default;
        errors.Object("metadata", patch.Metadata);
        CheckTtl(patch.Ttl, ref errors);
        CheckValues("values", patch.Values, ref errors);
        if (patch.Messages is { ValueKind: not JsonValueKind.Array })
        {
            errors.Add("messages", "must be a list of messages", "type_error");
        }

        errors.ThrowIfAny();
        return patch.Values is null && patch.Messages is null ? null : HistoryRules.RootCheckpoint(patch.Checkpoint);
    }

    /// <summary>Checks an update and gives the checkpoint that it starts from; null for the current state.</summary>
    public static Guid? Check(ThreadStateUpdate update)
    {
        FieldErrors errors = default;
        CheckValues("values", update.Values, ref errors);
        Guid? checkpointId = null;
        if (!string.IsNullOrEmpty(update.CheckpointId))
        {
            checkpointId = Guid.TryParseExact(update.CheckpointId, "D", out var id) ? id : null;
            if (checkpointId is null)
            {
                errors.Add("checkpoint_id", "must be the UUID of a checkpoint");
            }
        }

        errors.ThrowIfAny();
        return HistoryRules.RootCheckpoint(update.Checkpoint) ?? checkpointId;
    }

    public static void Check(ThreadStatePatch patch)
    {
        FieldErrors errors = default;
        errors.Object("metadata", patch.Metadata);
        errors.ThrowIfAny();
    }

    private static void CheckSupersteps(IReadOnlyList<Superstep> supersteps, ref FieldErrors errors)
    {
        errors.AtMost("supersteps", supersteps, Limits.MaxLimit);
        for (var i = 0; i < Math.Min(supersteps.Count, Limits.MaxLimit); i++)
        {
            // A list may hold null, whatever its type says.
            var updates = supersteps[i]?.Updates;
            if (updates is not { Count: > 0 } || updates.Count > Limits.MaxLimit)
            {
                errors.Add($"supersteps.{i}.updates", $"must be a list of 1 to {Limits.MaxLimit} updates");
                continue;
            }

            for (var j = 0; j < updates.Count; j++)
            {
                CheckUpdate($"supersteps.{i}.updates.{j}", updates[j], ref errors);
            }
        }
    }

    private static void CheckUpdate(string field, SuperstepUpdate? update, ref FieldErrors errors)
    {
        if (update is null)
        {
            errors.Add(field, "must be an object", "type_error");
            return;
        }

        CheckValues($"{field}.values", update.Values, ref errors);
        errors.Object($"{field}.command", update.Command);
        if (update.Command is { ValueKind: JsonValueKind.Object } command)
        {
            foreach (var member in command.EnumerateObject().Where(member => member.Name is "goto" or "resume"))
            {
                errors.NotSupported($"{field}.command.{member.Name}", member.Value);
            }
        }
    }

    private static void CheckValues(string field, JsonElement? values, ref FieldErrors errors)
    {
        var valid = values?.ValueKind switch
        {
            null or JsonValueKind.Object => true,
            JsonValueKind.Array => values.Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object),
            _ => false,
        };
        if (!valid)
        {
            errors.Add(field, "must be an object or a list of objects", "type_error");
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
        element.TextOrNull() == text;
}
