namespace AgentProtocol.Engine.Lifecycle;

/// <summary>Where a run stopped to wait for somebody.</summary>
/// <param name="Node">The step that comes next.</param>
/// <param name="Interrupts">What it asks; none when it was told to stop there.</param>
internal sealed record RunPause(string Node, IReadOnlyList<RunInterrupt> Interrupts);

/// <summary>A question of a run that waits for its answer.</summary>
/// <param name="Id">Its id, unique.</param>
/// <param name="Value">The question, as JSON text.</param>
internal sealed record RunInterrupt(string Id, string Value);
