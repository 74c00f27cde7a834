using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Protocol;

namespace AgentProtocol.Bench.Load;

/// <summary>What every scenario starts from: the server, the run requests, and how much work to do.</summary>
internal sealed class Workload(Target target, string assistant, bool quick, int? modelPort, int? serverProcess)
{
    // Twice what the slowest scenario needs on a slow server.
    private static readonly TimeSpan ScenarioLimit = TimeSpan.FromMinutes(2);

    public RunBodies Bodies { get; } = new(assistant);

    /// <summary>Where the server's agent <c>model</c> looks for its model; null when it has no such agent.</summary>
    public int? ModelPort => modelPort;

    public ServerMemory Memory { get; } = new(serverProcess);

    /// <summary>Work measured by time stops after this.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds(quick ? 0.5 : 5);

    public int Steps(int full) => quick ? Math.Max(1, full / 10) : full;

    public ClientPool Connect(int connections) => new ClientPool(target, connections, new Deadline(ScenarioLimit)).Connect();
}
