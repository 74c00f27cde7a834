using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Threads;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>The commands that only read.</summary>
internal sealed class StateCommands(RunService runs, ThreadService threads)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 16 };

    /// <summary>The current values, or some of their keys.</summary>
    public async Task<CommandResult> GetAsync(CommandContext context)
    {
        RequireRoot(context.Params);
        var keys = context.Params.Texts("keys");
        var state = await threads.GetStateAsync(context.Owner, context.ThreadId, null, context.Cancellation);
        return CommandResult.Of(result =>
        {
            result.WritePropertyName("values");
            WriteValues(result, state, keys);
            if (state.Checkpoint is { } checkpoint)
            {
                result.WriteStartObject("checkpoint");
                result.WriteString("id", checkpoint.CheckpointId);
                result.WriteString("ns", checkpoint.CheckpointNs);
                result.WriteEndObject();
            }
        });
    }

    /// <summary>The checkpoints of the thread, newest first.</summary>
    public async Task<CommandResult> ListCheckpointsAsync(CommandContext context)
    {
        RequireRoot(context.Params);
        var history = new ThreadHistoryRequest
        {
            Limit = context.Params.Integer("limit", 1, Limits.MaxLimit),
            Before = HistoryRules.Before(context.Params.Id("before")),
        };

        // Without their values, of which a long history has no place in memory.
        List<(Guid Id, DateTime At, RawJson Metadata)> checkpoints = [];
        await foreach (var state in threads.GetHistoryAsync(context.Owner, context.ThreadId, history, context.Cancellation))
        {
            checkpoints.Add((state.CheckpointId!.Value, state.CreatedAt!.Value, state.Metadata));
        }

        return CommandResult.Of(result =>
        {
            result.WriteStartArray("checkpoints");
            foreach (var (id, at, metadata) in checkpoints)
            {
                WriteCheckpoint(result, id, at, metadata);
            }

            result.WriteEndArray();
        });
    }

    /// <summary>How far a run is, by default the latest. Agents have no parts of their own here, so the tree is its root.</summary>
    public async Task<CommandResult> GetTreeAsync(CommandContext context)
    {
        var run = context.Params.Id("run_id") is { } runId
            ? await runs.GetAsync(context.Owner, context.ThreadId, runId, context.Cancellation)
            : await LatestRunAsync(context);
        return CommandResult.Of(result =>
        {
            result.WriteStartObject("tree");
            result.WriteStartArray("namespace");
            result.WriteEndArray();
            result.WriteString("status", StatusOf(run.Status));
            result.WriteString("graph_name", run.AgentId);
            result.WriteStartArray("children");
            result.WriteEndArray();
            result.WriteStartObject("metadata");
            result.WriteString("run_id", run.RunId);
            result.WriteEndObject();
            result.WriteEndObject();
        });
    }

    private async Task<Run> LatestRunAsync(CommandContext context) =>
        await runs.ListAsync(context.Owner, context.ThreadId, new RunListRequest { Limit = 1 }, context.Cancellation) is [var latest, ..]
            ? latest
            : throw new CommandRefusal(StreamingErrorCode.NoSuchRun, $"Thread {context.ThreadId} has no runs");

    private static void RequireRoot(CommandParams given)
    {
        if (given.Texts("namespace") is { Count: > 0 } place)
        {
            throw new CommandRefusal(StreamingErrorCode.NoSuchNamespace, $"There is no state under {string.Join('/', place)}, only at the root");
        }
    }

    private static void WriteValues(Utf8JsonWriter result, ThreadState state, IReadOnlyList<string>? keys)
    {
        if (keys is null)
        {
            result.WriteRawValue(state.Values.Text, skipInputValidation: true);
            return;
        }

        using var values = JsonDocument.Parse(state.Values.Text, Options);
        result.WriteStartObject();
        foreach (var member in values.RootElement.EnumerateObject().Where(member => keys.Contains(member.Name)))
        {
            result.WriteRaw(member.Name, member.Value);
        }

        result.WriteEndObject();
    }

    private static void WriteCheckpoint(Utf8JsonWriter result, Guid id, DateTime at, RawJson about)
    {
        using var metadata = JsonDocument.Parse(about.Text, Options);
        result.WriteStartObject();
        result.WriteString("id", id);
        result.WriteString("timestamp", at);
        result.WriteRaw("step", metadata.RootElement.GetProperty("step"));
        result.WriteRaw("metadata", metadata.RootElement);
        result.WriteEndObject();
    }

    private static string StatusOf(RunStatus status) => status switch
    {
        RunStatus.Pending => "started",
        RunStatus.Running => "running",
        RunStatus.Success => "completed",
        RunStatus.Interrupted => "interrupted",
        _ => "failed",
    };
}
