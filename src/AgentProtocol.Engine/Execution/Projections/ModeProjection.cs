using System.Globalization;
using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>The events of the stream modes that the run's creator asked for (wire-contract 6.2, 6.3).</summary>
internal sealed class ModeProjection(ClaimedRun run, StreamModes modes, FrameBuffer frames) : IRunProjection
{
    private readonly RunText text = new(run);
    private readonly MessageFrames messages = new(run, modes, frames);
    private readonly CallbackFrames? callbacks = modes.HasFlag(StreamModes.Events) ? new(run, frames) : null;

    public void Begin(LogTail? lost)
    {
        frames.AddMode("metadata", $$"""{"run_id":"{{run.RunId}}","attempt":{{run.Attempt}}}""");
        callbacks?.Begin();
    }

    public void AddCheckpoint(CheckpointFact checkpoint)
    {
        if (modes.HasFlag(StreamModes.Checkpoints))
        {
            frames.AddMode("checkpoints", StateData.Within(checkpoint.Id, text.CheckpointMembers(checkpoint), "}"), checkpoint.State);
        }

        if (modes.HasFlag(StreamModes.Debug))
        {
            frames.AddMode(
                "debug",
                StateData.Within(checkpoint.Id, DebugPrefix("checkpoint", checkpoint.Step) + text.CheckpointMembers(checkpoint), "}}"),
                checkpoint.State);
        }
    }

    public void AddValues(Guid checkpointId, StateValues state)
    {
        if (modes.HasFlag(StreamModes.Values))
        {
            frames.AddMode("values", StateData.Whole(checkpointId), state);
        }
    }

    public void BeginStep(StepFact step)
    {
        var task = $"{{\"id\":{JsonText.Quote(step.TaskId)},\"name\":{JsonText.Quote(step.Node)},\"triggers\":[{JsonText.Quote($"branch:to:{step.Node}")}],\"interrupts\":[],\"input\":";
        if (modes.HasFlag(StreamModes.Tasks))
        {
            AddWithInput("tasks", step, task, "}");
        }

        if (modes.HasFlag(StreamModes.Debug))
        {
            AddWithInput("debug", step, DebugPrefix("task", step.Number) + task, "}}");
        }

        callbacks?.BeginStep(step);
    }

    public void AddDelta(AgentEvent.MessageDelta delta, int step)
    {
        messages.AddDelta(delta, step);
        callbacks?.AddDelta(delta);
    }

    public void CompleteMessages(string node, int step, IReadOnlyList<StateMessage> changed)
    {
        messages.Complete(node, step, changed);
        callbacks?.CompleteMessages(node, changed);
    }

    public void EndStep(StepFact step, StepUpdate update)
    {
        if (modes.HasFlag(StreamModes.Updates))
        {
            frames.AddMode("updates", $"{{{JsonText.Quote(step.Node)}:{update.ToObject()}}}");
        }

        AddResult(step.TaskId, step.Node, step.Number, update.ToObject(), "[]");
        callbacks?.EndStep(step, update);
    }

    public void KeepMessage(string node, StateMessage message)
    {
        messages.Keep(message);
        callbacks?.CompleteMessages(node, [message]);
    }

    public void AddProgress(string json)
    {
        if (modes.HasFlag(StreamModes.Progress))
        {
            frames.AddMode("progress", json);
        }
    }

    public void AddCustom(AgentEvent.Custom custom)
    {
        if (modes.HasFlag(StreamModes.Custom))
        {
            frames.AddMode("custom", JsonText.SingleLine(custom.Data.GetRawText()));
        }
    }

    public void AddTool(AgentEvent.Tool tool)
    {
        if (modes.HasFlag(StreamModes.Tools))
        {
            frames.AddMode("tools", ToolText.ForMode(tool));
        }

        callbacks?.AddTool(tool);
    }

    /// <summary>A pause that asks nothing shows an empty list on <c>updates</c> only: on <c>values</c> it would read as "nothing pending".</summary>
    public void Pause(RunPause pause, string taskId, int step)
    {
        var interrupts = InterruptText.Write(pause.Interrupts);
        if (modes.HasFlag(StreamModes.Updates))
        {
            frames.AddMode("updates", $$"""{"__interrupt__":{{interrupts}}}""");
        }

        if (modes.HasFlag(StreamModes.Values) && pause.Interrupts.Count > 0)
        {
            frames.AddMode("values", $$"""{"__interrupt__":{{interrupts}}}""");
        }

        if (pause.Interrupts.Count > 0)
        {
            AddResult(taskId, pause.Node, step, "{}", interrupts);
        }
    }

    public void End(RunOutcome outcome)
    {
        callbacks?.End(outcome);
        if (outcome.ErrorType is not null)
        {
            frames.Add(Frame.OfFailure(frames.NextPosition, frames.NextNumber, outcome));
        }
    }

    private void AddResult(string taskId, string node, int step, string result, string interrupts)
    {
        if ((modes & (StreamModes.Tasks | StreamModes.Debug)) == 0)
        {
            return;
        }

        var data = $"{{\"id\":{JsonText.Quote(taskId)},\"name\":{JsonText.Quote(node)},\"error\":null,\"result\":{result},\"interrupts\":{interrupts}}}";
        if (modes.HasFlag(StreamModes.Tasks))
        {
            frames.AddMode("tasks", data);
        }

        if (modes.HasFlag(StreamModes.Debug))
        {
            frames.AddMode("debug", DebugPrefix("task_result", step) + data + "}");
        }
    }

    private void AddWithInput(string name, StepFact step, string prefix, string suffix)
    {
        if (step.BeganAt is { } checkpoint)
        {
            frames.AddMode(name, StateData.Within(checkpoint, prefix, suffix), step.Input);
        }
        else
        {
            frames.AddMode(name, $"{prefix}{{}}{suffix}");
        }
    }

    private string DebugPrefix(string type, int step) =>
        $"{{\"type\":\"{type}\",\"timestamp\":\"{Now()}\",\"step\":{step},\"payload\":";

    private string Now() => DateTimeOffset.FromUnixTimeMilliseconds(frames.Timestamp).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
