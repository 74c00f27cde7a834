using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

/// <summary>How many runs of a language model one node holds at the same time, and what each costs in memory.</summary>
internal static class Models
{
    private const string Agent = "model";

    /// <summary>A supervisor that fans out sends its runs together.</summary>
    private const int Batch = 10;

    public static Measurement Measure(Workload workload)
    {
        if (workload.ModelPort is not { } port)
        {
            throw new InvalidOperationException("--model-port is missing: the port at which the server's agent \"model\" looks for its model");
        }

        using var stub = new ModelStub(port);
        var before = workload.Memory.ResidentMiB();
        double? during = null;
        var batches = workload.Steps(500 / Batch);
        var bodies = new RunBodies(Agent).Batch("think", Batch);
        var measurement = Sleepers.Measure(
            workload, batches, api => api.CreateRuns(bodies), ModelStub.Thinking, () => during = workload.Memory.ResidentMiB());
        measurement
            .With("model_calls", stub.Calls)
            .With("model_calls_at_once", stub.MostInFlight)
            .With("wall_over_ideal", measurement.Metrics.First(metric => metric.Name == "wall_s").Value / ModelStub.Thinking.TotalSeconds);
        return before is { } idle && during is { } busy
            ? measurement.With("server_mib_before", idle).With("server_mib_at_half_time", busy).With("kib_per_run", (busy - idle) * 1024 / (batches * Batch))
            : measurement;
    }
}
