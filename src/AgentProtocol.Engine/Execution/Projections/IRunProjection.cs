using AgentProtocol.Agents;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>One way of showing what happens in a run. Each fact is told once, in order.</summary>
internal interface IRunProjection
{
    /// <summary>An attempt begins.</summary>
    /// <param name="lost">What an earlier attempt left open; null for the first.</param>
    void Begin(Events.LogTail? lost);

    /// <summary>A checkpoint was made.</summary>
    void AddCheckpoint(CheckpointFact checkpoint);

    /// <summary>The state is shown; it is that of a checkpoint.</summary>
    void AddValues(Guid checkpointId, StateValues state);

    /// <summary>A step begins.</summary>
    void BeginStep(StepFact step);

    /// <summary>A piece of a message.</summary>
    void AddDelta(AgentEvent.MessageDelta delta, int step);

    /// <summary>The messages of a step are complete.</summary>
    void CompleteMessages(string node, int step, IReadOnlyList<StateMessage> changed);

    /// <summary>A step is finished, and its update is merged.</summary>
    void EndStep(StepFact step, StepUpdate update);

    /// <summary>The run ends before a message is complete; it stays as it is.</summary>
    void KeepMessage(string node, StateMessage message);

    /// <summary>How far the run is, as it is shown on the run from now on.</summary>
    void AddProgress(string json);

    /// <summary>An agent's own event.</summary>
    void AddCustom(AgentEvent.Custom custom);

    /// <summary>Something happened to a tool call.</summary>
    void AddTool(AgentEvent.Tool tool);

    /// <summary>The run stops to wait for somebody.</summary>
    void Pause(RunPause pause, string taskId, int step);

    /// <summary>The run has ended.</summary>
    void End(RunOutcome outcome);
}

/// <summary>A checkpoint that was made.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ParentId">The one before it.</param>
/// <param name="Step">Its step.</param>
/// <param name="Source">What made it.</param>
/// <param name="Next">The step that follows, as far as it is known.</param>
/// <param name="State">The state.</param>
internal sealed record CheckpointFact(Guid Id, Guid? ParentId, int Step, string Source, string? Next, StateValues State);

/// <summary>A step of an agent.</summary>
/// <param name="TaskId">Its id, which follows from the checkpoint it starts from.</param>
/// <param name="Node">Its name.</param>
/// <param name="Number">Its number on the thread.</param>
/// <param name="BeganAt">The checkpoint whose state is its input.</param>
/// <param name="Input">That state.</param>
internal sealed record StepFact(string TaskId, string Node, int Number, Guid? BeganAt, StateValues Input);
