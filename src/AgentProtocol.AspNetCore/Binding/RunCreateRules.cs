using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What a run may be created with (wire-contract 4.1).</summary>
internal static class RunCreateRules
{
    /// <summary>Every stream mode of the protocol, and whether it is offered here.</summary>
    public static readonly FrozenDictionary<string, bool> StreamModes = new Dictionary<string, bool>
    {
        ["values"] = true,
        ["updates"] = true,
        ["messages"] = true,
        ["messages-tuple"] = true,
        ["custom"] = true,
        ["events"] = false,
        ["tasks"] = false,
        ["checkpoints"] = false,
        ["debug"] = false,
        ["tools"] = false,
    }.ToFrozenDictionary();

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

        errors.OneOf("if_not_exists", run.IfNotExists, "create", "reject");
        errors.OneOf("on_disconnect", run.OnDisconnect, "cancel", "continue");
        if (run.Webhook is { } webhook && WebhookUrl.Problem(webhook) is { } problem)
        {
            errors.Add("webhook", problem);
        }

        errors.OneOf("durability", run.Durability, "async", "sync", "exit");
        CheckStreamMode(run.StreamMode, ref errors);

        errors.NotSupported("command", run.Command);
        errors.NotSupported("interrupt_before", run.InterruptBefore);
        errors.NotSupported("interrupt_after", run.InterruptAfter);
        errors.NoCheckpoint("checkpoint", run.Checkpoint);
        errors.NotSupported("checkpoint_id", run.CheckpointId);
        errors.NotSupported("checkpoint_during", run.CheckpointDuring);
        errors.NotSupported("on_completion", run.OnCompletion);
        errors.ThrowIfAny();
    }

    private static void CheckStreamMode(IReadOnlyList<string>? modes, ref FieldErrors errors)
    {
        foreach (var mode in modes ?? [])
        {
            if (!StreamModes.TryGetValue(mode, out var offered))
            {
                errors.Add("stream_mode", $"\"{mode}\" is not a stream mode");
            }
            else if (!offered)
            {
                errors.NotSupported("stream_mode");
            }
        }
    }
}
