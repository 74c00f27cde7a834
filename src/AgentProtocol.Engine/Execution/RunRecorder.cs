using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Execution.Projections;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Turns what an agent says into what is written: the next state, checkpoints, and the frames of both projections.
/// Collects until it is frozen into a page. Not safe for concurrent use: its writer holds the lock.
/// </summary>
internal sealed class RunRecorder
{
    private readonly ClaimedRun run;
    private readonly RunStart start;
    private readonly string firstNode;
    private readonly FrameBuffer frames;
    private readonly IRunProjection[] projections;
    private readonly RunProgress progress;
    private readonly PartialAnswer partial;
    private SegmentState segment;
    private int segmentStart;
    private Guid? headId;
    private Guid? lastId;
    private int lastN;
    private int step;
    private StepFact? current;
    private TokenUsage usage;

    private List<NewCheckpoint> checkpoints = [];
    private int checkpointLength;
    private bool mergedInputs;
    private bool usageChanged;
    private bool progressChanged;
    private Guid? pausedAt;
    private int? takenUpdates;
    private (int Frames, long Position, long Number) beforeEnd;

    public RunRecorder(ClaimedRun run, RunRequest request, RunStart start, string firstNode, CancelLifecycle cancelled, TimeProvider time)
    {
        this.run = run;
        this.start = start;
        this.firstNode = firstNode;
        segment = start.State;
        segmentStart = start.Segment;
        headId = start.HeadId;
        lastId = start.ReplacedHead;
        lastN = start.LastN;
        step = start.LastStep;
        usage = TokenUsage.Parse(run.Usage);
        CompletedSteps = start.CompletedSteps;
        progress = RunProgress.Parse(run.Progress);
        partial = new PartialAnswer(run.Partial, time);
        frames = new FrameBuffer(run.NextEvent, start.Lost?.NextNumber ?? 0, time);

        // The failure of a run is the last entry of its log, and the stream modes show it.
        projections = [new ProtocolProjection(run, frames, cancelled), new ModeProjection(run, request.StreamModes, frames)];
    }

    /// <summary>The state after all that was recorded.</summary>
    public StateValues State => segment.State;

    /// <summary>Text collected since the last page, in characters.</summary>
    public int BufferedLength => frames.Length + checkpointLength;

    /// <summary>How many state updates of the run are part of <see cref="State"/>.</summary>
    public int CompletedSteps { get; private set; }

    public bool HasUnwritten => frames.Count > 0 || checkpoints.Count > 0 || progressChanged || usageChanged;

    /// <summary>The first attempt: the input checkpoint, and the state with the input merged.</summary>
    /// <exception cref="StateUpdateException">An input removes a message that is not there.</exception>
    public void Begin(RunRequest request, IReadOnlyList<RunRequest> carried)
    {
        Tell(projection => projection.Begin(start.Lost));
        MergeCarried(carried);
        AddCheckpoint("input", null, "__start__", State, new StateDelta(), replacedHead: start.IsBranch ? start.ReplacedHead : headId);

        var delta = new StateDelta();
        var merged = request.MergeInput(State, delta);
        if (!request.IsContinuation || !delta.IsEmpty)
        {
            AddCheckpoint("loop", null, firstNode, merged, delta);
        }

        ShowState();
    }

    /// <summary>A later attempt: numbers go on, and readers are told where the state stands (design 7).</summary>
    public void Resume()
    {
        Tell(projection => projection.Begin(start.Lost));
        ShowState();
    }

    /// <summary>Records what the agent said.</summary>
    /// <exception cref="StateUpdateException">An update cannot be merged.</exception>
    public void Record(AgentEvent happened)
    {
        partial.DropInherited();
        switch (happened)
        {
            case AgentEvent.StepStarted started:
                BeginStep(started.Node);
                break;

            case AgentEvent.StateUpdate update:
                RecordUpdate(update);
                break;

            case AgentEvent.MessageDelta delta:
                EnsureStep(delta.Node);
                partial.Add(delta);
                Tell(projection => projection.AddDelta(delta, step + 1));
                break;

            case AgentEvent.Custom custom:
                EnsureStep(firstNode);
                Tell(projection => projection.AddCustom(custom));
                break;

            case AgentEvent.Tool tool:
                EnsureStep(firstNode);
                Tell(projection => projection.AddTool(tool));
                break;

            case AgentEvent.Progress report:
                progress.Add(report);
                ShowProgress();
                break;

            case AgentEvent.Artifact artifact:
                progress.Add(artifact);
                ShowProgress();
                break;

            case AgentEvent.Usage report:
                usage = usage.Plus(report);
                usageChanged = true;
                break;
        }
    }

    /// <summary>Merges what callers told the run, in a checkpoint that is its own but no step of its agent.</summary>
    /// <returns>What has changed in the messages, as they are in the state.</returns>
    public IReadOnlyList<StateMessage> Take(IReadOnlyList<RunRequest> updates, int through)
    {
        var before = State;
        var delta = new StateDelta();
        var merged = updates.Aggregate(before, (state, each) => each.MergeInputIfPossible(state, delta));
        AddCheckpoint("update", null, firstNode, merged, delta);
        takenUpdates = through;
        ShowState();
        return MessageChanges.Between(before, merged);
    }

    /// <summary>The last frames; the stream modes say nothing of an interruption (wire-contract 6.2).</summary>
    public void End(RunOutcome outcome)
    {
        beforeEnd = (frames.Count, frames.NextPosition, frames.NextNumber);
        KeepPartial(outcome);
        if (outcome.Pause is { } pause)
        {
            pausedAt = headId;
            Tell(projection => projection.Pause(pause, TaskIds.For(headId, pause.Node), step + 1));
        }

        Tell(projection => projection.End(outcome));
    }

    /// <summary>Takes a success back that was not written: the run goes on.</summary>
    /// <returns>What is left of its last page.</returns>
    public RunPage TakeBackEnd(RunPage last)
    {
        frames.Rewind(beforeEnd.Position, beforeEnd.Number);
        return last with { Frames = [.. last.Frames.Take(beforeEnd.Frames)], NextNumber = beforeEnd.Number };
    }

    /// <summary>Takes what was collected as a page that never changes again.</summary>
    public RunPage Freeze()
    {
        var collected = frames.Take();
        var page = new RunPage
        {
            RunId = run.RunId,
            ThreadId = run.ThreadId,
            Owner = run.Owner,
            Fence = run.Fence,
            First = frames.NextPosition - collected.Count,
            NextNumber = frames.NextNumber,
            Frames = collected,
            Checkpoints = checkpoints,
            Head = checkpoints.Count == 0 ? null : new HeadUpdate(headId!.Value, lastN, segmentStart, State),
            MergedInputs = mergedInputs,
            TakenUpdates = takenUpdates,
            PausedAt = pausedAt,
            Progress = progressChanged ? progress.ToJson() : null,
            Partial = partial.Take(),
            Usage = usageChanged ? usage.ToJson() : null,
        };
        (checkpoints, checkpointLength, mergedInputs, takenUpdates, usageChanged, progressChanged) = ([], 0, false, null, false, false);
        return page;
    }

    /// <summary>Inputs of superseded runs are no part of this run: they stay when it is rolled back.</summary>
    private void MergeCarried(IReadOnlyList<RunRequest> carried)
    {
        if (carried.Count == 0)
        {
            return;
        }

        mergedInputs = true;
        var delta = new StateDelta();
        var merged = carried.Aggregate(State, (state, each) => each.MergeInputIfPossible(state, delta));
        AddCheckpoint("update", null, null, merged, delta, isOurs: false);
    }

    private void RecordUpdate(AgentEvent.StateUpdate update)
    {
        EnsureStep(update.Node);
        var before = State;
        var delta = new StateDelta();
        var after = StateReducer.Apply(before, update.Update, delta);
        var changed = StepUpdate.ChangedMessages(before, after);
        Tell(projection => projection.CompleteMessages(update.Node, step + 1, changed));

        partial.Clear();
        var finished = current! with { Node = update.Node };
        current = null;
        var result = StepUpdate.From(update, changed);
        Tell(projection => projection.EndStep(finished, result));
        AddCheckpoint("loop", PlainText.Clean(update.Node), null, after, delta);
        ShowState();
    }

    /// <summary>
    /// A message that nobody will complete is kept as far as it is written: people have read it, and whoever goes on has to
    /// know what was said (wire-contract 13.19).
    /// </summary>
    private void KeepPartial(RunOutcome outcome)
    {
        if (outcome.State == RunState.Success || outcome.Pause is not null || partial.Message is not { } message || State.IndexOf(message.Id) >= 0)
        {
            return;
        }

        var kept = PartialMessage.Ended(message, outcome.Status);
        Tell(projection => projection.KeepMessage(partial.Node ?? firstNode, kept));
        var delta = new StateDelta();
        AddCheckpoint("loop", partial.Node is { } node ? PlainText.Clean(node) : null, null, delta.Put(State, kept), delta);
        ShowState();
    }

    private void ShowProgress()
    {
        progressChanged = true;
        var json = progress.ToJson();
        Tell(projection => projection.AddProgress(json));
    }

    private void EnsureStep(string node)
    {
        if (current is null)
        {
            BeginStep(node);
        }
    }

    private void BeginStep(string node)
    {
        current = new StepFact(TaskIds.For(headId, node), node, step + 1, headId, State);
        Tell(projection => projection.BeginStep(current));
    }

    private void ShowState()
    {
        if (headId is { } checkpoint)
        {
            Tell(projection => projection.AddValues(checkpoint, State));
        }
    }

    private void Tell(Action<IRunProjection> fact)
    {
        foreach (var projection in projections)
        {
            fact(projection);
        }
    }

    private void AddCheckpoint(
        string source, string? node, string? next, StateValues state, StateDelta delta, Guid? replacedHead = null, bool isOurs = true)
    {
        CompletedSteps += node is null ? 0 : 1;
        var id = CheckpointIds.Next(lastId);
        var changes = delta.ToJson();
        lastN++;
        string? snapshot = null;
        if (segment.HasRoomFor(changes.Length))
        {
            segment = segment.Advance(state, changes.Length);
        }
        else
        {
            snapshot = state.ToJson();
            segment = SegmentState.Begin(state, snapshot.Length);
            segmentStart = lastN;
        }

        checkpoints.Add(new NewCheckpoint
        {
            Id = id,
            RunId = isOurs ? run.RunId : null,
            N = lastN,
            ParentId = headId,
            Step = ++step,
            Source = source,
            Node = node,
            Segment = segmentStart,
            Delta = snapshot is null ? changes : null,
            Snapshot = snapshot,
            ReplacedHead = replacedHead,
        });
        var made = new CheckpointFact(id, headId, step, source, next, state);
        (headId, lastId) = (id, id);
        checkpointLength += snapshot?.Length ?? changes.Length;
        Tell(projection => projection.AddCheckpoint(made));
    }
}
