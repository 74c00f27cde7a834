using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class Start
{
    public static Measurement Measure(Workload workload) =>
        Streaming.Measure(workload, connections: 1, new Budget(workload.Steps(200)));
}
