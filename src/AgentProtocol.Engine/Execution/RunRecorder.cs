using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Turns what an agent says into what is written: the next state, checkpoints, and frames of the modes that the run's
/// readers asked for. Collects until it is frozen into a page. Not safe for concurrent use: its writer holds the lock.
/// </summary>
internal sealed class RunRecorder
{
    private readonly ClaimedRun run;
    private readonly StreamModes modes;
    private readonly MessageFrames messages;
    private SegmentState segment;
    private int segmentStart;
    private Guid? headId;
    private int lastN;
    private int step;
    private long nextEvent;
    private TokenUsage usage;

    private List<Frame> frames = [];
    private List<NewCheckpoint> checkpoints = [];
    private bool mergedInputs;
    private bool usageChanged;
    private string? progress;

    public RunRecorder(ClaimedRun run, RunRequest request, RunStart start)
    {
        this.run = run;
        modes = request.StreamModes;
        segment = start.State;
        segmentStart = start.Segment;
        headId = start.HeadId;
        lastN = start.LastN;
        step = start.LastStep;
        nextEvent = run.NextEvent;
        usage = TokenUsage.Parse(run.Usage);
        messages = new MessageFrames(run, modes);
    }

    /// <summary>The state after all that was recorded.</summary>
    public StateValues State => segment.State;

    /// <summary>Text collected since the last page, in characters.</summary>
    public int BufferedLength { get; private set; }

    public bool HasUnwritten => frames.Count > 0 || checkpoints.Count > 0 || progress is not null || usageChanged;

    /// <summary>The first attempt: metadata, the input checkpoint, and the state with the input merged.</summary>
    /// <exception cref="StateUpdateException">An input removes a message that is not there.</exception>
    public void Begin(RunRequest request, IReadOnlyList<RunRequest> carried)
    {
        AddMetadata();
        MergeCarried(carried);
        AddCheckpoint("input", null, State, new StateDelta(), replacedHead: headId);

        var delta = new StateDelta();
        AddCheckpoint("loop", null, request.MergeInput(State, delta), delta);
        AddValues();
    }

    /// <summary>A later attempt: numbers go on, and readers are told where the state stands (design 7).</summary>
    public void Resume()
    {
        AddMetadata();
        AddValues();
    }

    /// <summary>Records what the agent said.</summary>
    /// <exception cref="StateUpdateException">An update cannot be merged.</exception>
    public void Record(AgentEvent happened)
    {
        switch (happened)
        {
            case AgentEvent.StateUpdate update:
                RecordUpdate(update);
                break;

            case AgentEvent.MessageDelta delta:
                messages.AddDelta(delta, step + 1, AddFrame);
                break;

            case AgentEvent.Custom custom when modes.HasFlag(StreamModes.Custom):
                AddFrame("custom", JsonText.SingleLine(custom.Data.GetRawText()));
                break;

            case AgentEvent.Progress report:
                progress = ProgressText.Write(report);
                break;

            case AgentEvent.Usage report:
                usage = usage.Plus(report);
                usageChanged = true;
                break;
        }
    }

    /// <summary>The last frame of a run that failed; an interrupted run has none (wire-contract 6.2).</summary>
    public void End(RunOutcome outcome)
    {
        if (outcome.ErrorType is not null)
        {
            frames.Add(Frame.OfFailure(nextEvent++, outcome));
        }
    }

    /// <summary>Takes what was collected as a page that never changes again.</summary>
    public RunPage Freeze()
    {
        var page = new RunPage
        {
            RunId = run.RunId,
            ThreadId = run.ThreadId,
            Owner = run.Owner,
            Fence = run.Fence,
            First = nextEvent - frames.Count,
            Frames = frames,
            Checkpoints = checkpoints,
            Head = checkpoints.Count == 0 ? null : new HeadUpdate(headId!.Value, lastN, segmentStart, State),
            MergedInputs = mergedInputs,
            Progress = progress,
            Usage = usageChanged ? usage.ToJson() : null,
        };
        (frames, checkpoints, mergedInputs, usageChanged, progress, BufferedLength) = ([], [], false, false, null, 0);
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
        AddCheckpoint("update", null, merged, delta, isOurs: false);
    }

    private void RecordUpdate(AgentEvent.StateUpdate update)
    {
        var before = State;
        var delta = new StateDelta();
        var after = StateReducer.Apply(before, update.Update, delta);
        messages.Complete(update.Node, step + 1, before, after, AddFrame);
        AddCheckpoint("loop", PlainText.Clean(update.Node), after, delta);
        if (modes.HasFlag(StreamModes.Updates))
        {
            AddFrame("updates", UpdateText.Write(update, before, after));
        }

        AddValues();
    }

    private void AddMetadata() => AddFrame("metadata", $$"""{"run_id":"{{run.RunId}}","attempt":{{run.Attempt}}}""");

    private void AddValues()
    {
        if (modes.HasFlag(StreamModes.Values) && headId is { } checkpoint)
        {
            frames.Add(new Frame(nextEvent++, "values", Frame.CheckpointData(checkpoint), State));
        }
    }

    private void AddFrame(string name, string data)
    {
        frames.Add(new Frame(nextEvent++, name, data));
        BufferedLength += data.Length;
    }

    private void AddCheckpoint(string source, string? node, StateValues state, StateDelta delta, Guid? replacedHead = null, bool isOurs = true)
    {
        var id = CheckpointIds.Next(headId);
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
        headId = id;
        BufferedLength += snapshot?.Length ?? changes.Length;
    }
}
