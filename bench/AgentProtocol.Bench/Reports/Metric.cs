namespace AgentProtocol.Bench.Reports;

/// <summary>A figure; those of one group are printed as one nested object.</summary>
internal readonly record struct Metric(string? Group, string Name, double Value);
