namespace AgentProtocol.Engine.Tests.Threads.Model;

/// <summary>A thread: its checkpoints in the order in which they were written, and which of them is the head.</summary>
internal sealed class ThreadModel(Guid threadId)
{
    public Guid ThreadId { get; } = threadId;

    public List<ModelCheckpoint> Checkpoints { get; init; } = [];

    public Guid? Head { get; set; }

    /// <summary>A run that has ended and can be deleted.</summary>
    public List<Guid> EndedRuns { get; } = [];

    public StateModel State => Head is { } id ? StateAt(id) : StateModel.Empty;

    public StateModel StateAt(Guid id) => Checkpoints.Single(checkpoint => checkpoint.Id == id).State;

    public void Add(Guid id, Guid? parent, StateModel state, Guid? run = null)
    {
        Checkpoints.Add(new ModelCheckpoint(id, parent, state, run));
        Head = id;
    }

    /// <summary>Everything but these is forgotten, and nobody remembers it as a parent.</summary>
    public void Keep(IReadOnlyCollection<Guid> ids)
    {
        Checkpoints.RemoveAll(checkpoint => !ids.Contains(checkpoint.Id));
        for (var i = 0; i < Checkpoints.Count; i++)
        {
            if (Checkpoints[i].Parent is { } parent && !ids.Contains(parent))
            {
                Checkpoints[i] = Checkpoints[i] with { Parent = null };
            }
        }
    }

    public ThreadModel Copy(Guid threadId) => new(threadId) { Checkpoints = [.. Checkpoints], Head = Head };
}

/// <summary>A checkpoint of a <see cref="ThreadModel"/>.</summary>
internal sealed record ModelCheckpoint(Guid Id, Guid? Parent, StateModel State, Guid? Run);
