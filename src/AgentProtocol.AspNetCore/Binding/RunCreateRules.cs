using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What a run may be created with (wire-contract 4.1).</summary>
internal static class RunCreateRules
{
    /// <summary>Every stream mode (wire-contract 6.3), and <c>progress</c>, which is ours.</summary>
    public static readonly FrozenSet<string> StreamModes = FrozenSet.Create(
        "values", "updates", "messages", "messages-tuple", "custom", "events", "tasks", "checkpoints", "debug", "tools", "progress");

    public static void Check(RunCreate run)
    {
        FieldErrors errors = default;
        errors.Object("metadata", run.Metadata);
        errors.Object("config", run.Config);
        errors.Object("context", run.Context);
        if (run.Messages is { ValueKind: not JsonValueKind.Array })
        {
            errors.Add("messages", "must be a list of messages", "type_error");
        }

        if (run.AfterSeconds is { } seconds && (seconds < 0 || !double.IsFinite(seconds)))
        {
            errors.Add("after_seconds", "must be a finite number of at least 0");
        }

        CheckTimeouts(run.Timeouts, ref errors);
        errors.OneOf("if_not_exists", run.IfNotExists, "create", "reject");
        errors.OneOf("on_disconnect", run.OnDisconnect, "cancel", "continue");
        if (run.Webhook is { } webhook && WebhookUrl.Problem(webhook) is { } problem)
        {
            errors.Add("webhook", problem);
        }

        errors.OneOf("durability", run.Durability, "async", "sync", "exit");
        CheckStreamMode(run.StreamMode, ref errors);

        CommandRules.Check(run, ref errors);
        CheckNodes("interrupt_before", run.InterruptBefore, ref errors);
        CheckNodes("interrupt_after", run.InterruptAfter, ref errors);
        CheckCheckpoint(run, ref errors);
        errors.ThrowIfAny();
    }

    private static void CheckTimeouts(RunTimeouts? timeouts, ref FieldErrors errors)
    {
        CheckSeconds("timeouts.total", timeouts?.Total, ref errors);
        CheckSeconds("timeouts.idle", timeouts?.Idle, ref errors);
        CheckSeconds("timeouts.queue_wait", timeouts?.QueueWait, ref errors);
    }

    private static void CheckSeconds(string field, double? seconds, ref FieldErrors errors)
    {
        if (seconds is { } given && !(given > 0 && double.IsFinite(given)))
        {
            errors.Add(field, "must be a positive number of seconds");
        }
    }

    private static void CheckStreamMode(IReadOnlyList<string>? modes, ref FieldErrors errors)
    {
        foreach (var mode in modes ?? [])
        {
            if (!StreamModes.Contains(mode))
            {
                errors.Add("stream_mode", $"\"{mode}\" is not a stream mode");
            }
        }
    }

    private static void CheckNodes(string field, JsonElement? nodes, ref FieldErrors errors)
    {
        var isFine = nodes is not { } given || given.ValueKind is JsonValueKind.Null or JsonValueKind.String
            || (given.ValueKind == JsonValueKind.Array && given.EnumerateArray().All(node => node.ValueKind == JsonValueKind.String));
        if (!isFine)
        {
            errors.Add(field, "must be \"*\" or a list of node names", "type_error");
        }
    }

    /// <summary>All the places in which clients name the checkpoint to start from (wire-contract 5.11).</summary>
    private static void CheckCheckpoint(RunCreate run, ref FieldErrors errors)
    {
        errors.Object("checkpoint", run.Checkpoint);
        CheckId("checkpoint_id", run.CheckpointId, ref errors);
        if (run.Checkpoint is { ValueKind: JsonValueKind.Object } checkpoint)
        {
            CheckId("checkpoint.checkpoint_id", Member(checkpoint, "checkpoint_id"), ref errors);
            if (Member(checkpoint, "checkpoint_ns") is { ValueKind: not JsonValueKind.Null } ns && ns.TextOrNull() != "")
            {
                errors.Add("checkpoint.checkpoint_ns", "must be empty: runs start at the root");
            }
        }

        if (run.Config is { ValueKind: JsonValueKind.Object } config && Member(config, "configurable") is { ValueKind: JsonValueKind.Object } configurable)
        {
            CheckId("config.configurable.checkpoint_id", Member(configurable, "checkpoint_id"), ref errors);
        }
    }

    private static void CheckId(string field, JsonElement? id, ref FieldErrors errors)
    {
        if (id is { ValueKind: not JsonValueKind.Null } given && !Guid.TryParseExact(given.TextOrNull(), "D", out _))
        {
            errors.Add(field, "must be a checkpoint's id");
        }
    }

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;
}
