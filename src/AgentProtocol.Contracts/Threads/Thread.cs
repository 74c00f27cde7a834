namespace AgentProtocol.Contracts.Threads;
/// <summary>x</summary>
public sealed record Thread;
