using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>The streaming protocol's events, of all channels, for whoever follows the thread (wire-contract 6.11).</summary>
internal sealed class ProtocolProjection(ClaimedRun run, FrameBuffer frames, CancelLifecycle cancelled) : IRunProjection
{
    private readonly ProtocolMessages messages = new(frames);

    /// <summary>
    /// A later attempt is no second <c>running</c>: it only closes what the lost one has left open (wire-contract 13.42).
    /// </summary>
    public void Begin(LogTail? lost)
    {
        if (lost is null)
        {
            Add("lifecycle", $$"""{"event":"running","graph_name":{{JsonText.Quote(run.Order!.Agent)}}}""");
            return;
        }

        if (lost.HasOpenMessage)
        {
            Add("messages", """{"event":"error","message":"The attempt that wrote this message was lost","code":"attempt_lost"}""");
        }

        foreach (var call in lost.OpenTools)
        {
            Add("tools", ToolText.ProtocolError(call, "The attempt that made this call was lost", "attempt_lost"));
        }
    }

    public void AddCheckpoint(CheckpointFact checkpoint)
    {
        var parent = checkpoint.ParentId is { } id ? $"\"parent_id\":\"{id}\"," : "";
        Add("checkpoints", $$"""{"id":"{{checkpoint.Id}}",{{parent}}"step":{{checkpoint.Step}},"source":"{{checkpoint.Source}}"}""");
    }

    /// <summary>A state without any key is not shown.</summary>
    public void AddValues(Guid checkpointId, StateValues state)
    {
        if (!state.IsEmpty)
        {
            frames.AddProtocol("values", StateData.Whole(checkpointId), state: state);
        }
    }

    public void BeginStep(StepFact step)
    {
        var task = $"{{\"id\":{JsonText.Quote(step.TaskId)},\"name\":{JsonText.Quote(step.Node)},\"triggers\":[{JsonText.Quote($"branch:to:{step.Node}")}],\"interrupts\":[],\"input\":";
        if (step.BeganAt is { } checkpoint)
        {
            frames.AddProtocol("tasks", StateData.Within(checkpoint, task, "}"), step.Node, step.Input);
        }
        else
        {
            Add("tasks", task + "{}}", step.Node);
        }
    }

    public void AddDelta(AgentEvent.MessageDelta delta, int step) => messages.AddDelta(delta);

    public void CompleteMessages(string node, int step, IReadOnlyList<StateMessage> changed) => messages.Complete(node, changed);

    public void EndStep(StepFact step, StepUpdate update)
    {
        Add("updates", update.ToObject(), step.Node);
        Add("tasks", Result(step.TaskId, step.Node, update.ToObject(), "[]"), step.Node);
    }

    /// <summary>Closed as the message of a run that has ended, and before the checkpoint that holds it: nothing is open behind a checkpoint.</summary>
    public void KeepMessage(string node, StateMessage message) => messages.Abandon();

    public void AddProgress(string json) => Add("custom", $"{{\"name\":\"progress\",\"payload\":{json}}}");

    public void AddCustom(AgentEvent.Custom custom) => Add("custom", CustomData(custom.Data));

    public void AddTool(AgentEvent.Tool tool) => Add("tools", ToolText.ForProtocol(tool));

    /// <summary>Each question once; the state never holds them here (wire-contract 13.43).</summary>
    public void Pause(RunPause pause, string taskId, int step)
    {
        foreach (var interrupt in pause.Interrupts)
        {
            var value = JsonText.SingleLine(interrupt.Value);
            Add("input.requested", $$"""{"interrupt_id":{{JsonText.Quote(interrupt.Id)}},"payload":{{value}},"value":{{value}}}""", pause.Node);
        }

        if (pause.Interrupts.Count > 0)
        {
            Add("tasks", Result(taskId, pause.Node, "{}", InterruptText.Write(pause.Interrupts)), pause.Node);
        }
    }

    public void End(RunOutcome outcome)
    {
        messages.Abandon();
        Add("lifecycle", outcome is { State: RunState.Interrupted, Pause: null }
            ? LifecycleText.Cancelled(cancelled, run.Order!.Agent)
            : LifecycleText.Terminal(outcome.Status, outcome.ErrorType is null ? null : outcome.Message, run.Order!.Agent));
    }

    /// <summary>An event that names itself is on a channel of that name: <c>custom:name</c>.</summary>
    private static string CustomData(System.Text.Json.JsonElement data)
    {
        var json = JsonText.SingleLine(data.GetRawText());
        return data.ValueKind == System.Text.Json.JsonValueKind.Object
            && data.TryGetProperty("name", out var name) && name.ValueKind == System.Text.Json.JsonValueKind.String
            ? $$"""{"name":{{name.GetRawText()}},"payload":{{(data.TryGetProperty("payload", out var payload) ? JsonText.SingleLine(payload.GetRawText()) : json)}}}"""
            : $$"""{"payload":{{json}}}""";
    }

    private static string Result(string taskId, string node, string result, string interrupts) =>
        $"{{\"id\":{JsonText.Quote(taskId)},\"name\":{JsonText.Quote(node)},\"error\":null,\"result\":{result},\"interrupts\":{interrupts}}}";

    private void Add(string method, string data, string? node = null) => frames.AddProtocol(method, data, node);
}
