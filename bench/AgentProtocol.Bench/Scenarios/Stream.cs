using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class Stream
{
    public static Measurement Measure(Workload workload) =>
        Streaming.Measure(workload, connections: 16, new Budget(int.MaxValue, workload.Duration));
}
