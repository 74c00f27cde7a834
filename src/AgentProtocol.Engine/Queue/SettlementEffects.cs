namespace AgentProtocol.Engine.Queue;

/// <summary>What a committed transaction means for others: hints to send, all of them optional, because everybody polls too.</summary>
internal sealed record SettlementEffects
{
    public static SettlementEffects None { get; } = new();

    /// <summary>Running runs that must stop, with the node that executes each.</summary>
    public IReadOnlyList<(Guid RunId, Guid Node)> Signalled { get; init; } = [];

    /// <summary>Runs that ended or were erased in the transaction.</summary>
    public IReadOnlyList<Guid> Ended { get; init; } = [];

    /// <summary>A run that got the slot and can be claimed.</summary>
    public Guid? Promoted { get; init; }
}
