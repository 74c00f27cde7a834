using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>Numbers the frames of a run and collects them until they are taken as a page.</summary>
internal sealed class FrameBuffer(long nextPosition, long nextNumber, TimeProvider time)
{
    private List<Frame> frames = [];

    /// <summary>The position of the next frame.</summary>
    public long NextPosition { get; private set; } = nextPosition;

    /// <summary>The number of the next event of the stream modes.</summary>
    public long NextNumber { get; private set; } = nextNumber;

    public int Count => frames.Count;

    /// <summary>Text collected since the last page, in characters.</summary>
    public int Length { get; private set; }

    /// <summary>Now, in Unix milliseconds.</summary>
    public long Timestamp => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Adds an event of the stream modes.</summary>
    public void AddMode(string name, string data, StateValues? state = null) =>
        Add(new Frame(NextPosition, NextNumber, name, data) { State = state });

    /// <summary>Adds an event of the streaming protocol.</summary>
    public void AddProtocol(string method, string data, string? node = null, StateValues? state = null) =>
        Add(new Frame(NextPosition, null, method, data) { Origin = new FrameOrigin(Timestamp, node), State = state });

    /// <summary>Adds a frame with the next position, and the next number if it has one.</summary>
    public void Add(Frame frame)
    {
        frames.Add(frame);
        NextPosition++;
        NextNumber += frame.IsProtocol ? 0 : 1;
        Length += frame.Data.Length;
    }

    /// <summary>Goes back to an earlier position, behind which nothing was written.</summary>
    public void Rewind(long position, long number) => (NextPosition, NextNumber) = (position, number);

    /// <summary>Takes what was collected.</summary>
    public List<Frame> Take()
    {
        var taken = frames;
        (frames, Length) = ([], 0);
        return taken;
    }
}
