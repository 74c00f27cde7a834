namespace AgentProtocol.Engine.State;

/// <summary>A state together with how long and heavy its segment has become, which decides whether the next row is a delta.</summary>
/// <param name="State">The state.</param>
/// <param name="Deltas">Rows behind the snapshot; -1 when there is no segment to go on with.</param>
/// <param name="DeltaLength">Their text length.</param>
/// <param name="SnapshotLength">The snapshot's text length.</param>
internal sealed record SegmentState(StateValues State, int Deltas, int DeltaLength, int SnapshotLength)
{
    private const int MaxDeltas = 64;

    /// <summary>Below this a segment never becomes too heavy: reading it costs no more than reading the row itself.</summary>
    private const int LightSegment = 16 * 1024;

    /// <summary>A thread without state.</summary>
    public static SegmentState None { get; } = new(StateValues.Empty, -1, 0, 0);

    /// <summary>A state that is no segment's last, so that whatever follows begins a new one.</summary>
    public static SegmentState Branch(StateValues state) => None with { State = state };

    /// <summary>Whether one more delta of this length still belongs to the segment.</summary>
    public bool HasRoomFor(int deltaLength) =>
        Deltas >= 0 && Deltas < MaxDeltas && DeltaLength + deltaLength <= Math.Max(SnapshotLength, LightSegment);

    /// <summary>The same state, behind which a new segment begins.</summary>
    public SegmentState Closed() => this with { Deltas = -1 };

    public static SegmentState Begin(string snapshot) => new(StateDelta.ReadSnapshot(snapshot), 0, 0, snapshot.Length);

    public static SegmentState Begin(StateValues state, int snapshotLength) => new(state, 0, 0, snapshotLength);

    public SegmentState Replay(string delta) => Advance(StateDelta.Replay(State, delta), delta.Length);

    public SegmentState Advance(StateValues state, int deltaLength) =>
        this with { State = state, Deltas = Deltas + 1, DeltaLength = DeltaLength + deltaLength };
}
