using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.Queue;

/// <summary>What the database says about a run that was just stored.</summary>
/// <param name="State">Where it was born.</param>
/// <param name="RunNo">Its number on the thread.</param>
/// <param name="LastN">The highest number that a checkpoint of the thread ever had; 0 when it never had one.</param>
/// <param name="Unmerged">How many superseded inputs it has to merge first.</param>
/// <param name="CreatedAt">When it was stored.</param>
/// <param name="DeadlineAt">When its time is up, if it was born running.</param>
/// <param name="Metadata">Its metadata, with those of the assistant and the thread under it.</param>
/// <param name="ThreadConfig">The configuration that the thread had; null when it had none.</param>
internal sealed record CreatedRunRow(
    RunState State, long RunNo, int LastN, int Unmerged, DateTime CreatedAt, DateTime? DeadlineAt, string Metadata, string? ThreadConfig);

/// <summary>What became of an attempt to store a run.</summary>
/// <param name="Created">The run; null when it was refused.</param>
/// <param name="Refusal">Why it was refused.</param>
/// <param name="Effects">What others have to be told after the commit.</param>
internal sealed record RunCreationResult(CreatedRunRow? Created, RunRefusal Refusal, SettlementEffects Effects)
{
    public static RunCreationResult ThreadMissing { get; } = new(null, RunRefusal.ThreadMissing, SettlementEffects.None);

    public static RunCreationResult AssistantEdited { get; } = new(null, RunRefusal.AssistantEdited, SettlementEffects.None);

    public static RunCreationResult ThreadBusy { get; } = new(null, RunRefusal.ThreadBusy, SettlementEffects.None);

    /// <summary>The update that was accepted instead of a run of its own.</summary>
    public AcceptedUpdate? Update { get; init; }

    public static RunCreationResult Steered(AcceptedUpdate update) => new(null, RunRefusal.None, update.Effects) { Update = update };

    public static RunCreationResult AlreadyStored { get; } = new(null, RunRefusal.AlreadyStored, SettlementEffects.None);
}

/// <summary>Why a run was not stored.</summary>
internal enum RunRefusal
{
    None,
    ThreadMissing,
    ThreadBusy,
    AlreadyStored,

    /// <summary>It was taken for unedited, but its owner has edited it.</summary>
    AssistantEdited,
}
