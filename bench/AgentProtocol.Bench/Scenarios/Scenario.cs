using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal sealed record Scenario(string Name, string About, Func<Workload, Measurement> Measure)
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("start", "latency from create-and-stream to the first event, one client on an idle server", Start.Measure),
        new("create-thread", "POST /threads, 16 clients", CreateThread.Measure),
        new("poll", "GET of a finished run, 16 clients", Poll.Measure),
        new("wait", "stateless POST /runs/wait, 16 clients", Wait.Measure),
        new("join", "create thread, create run, join it, 16 clients", Join.Measure),
        new("stream", "create-and-stream, first event and end, 16 clients", Scenarios.Stream.Measure),
        new("burst", "5,000 background runs on their own threads, 32 connections", Burst.Measure),
        new("sleepers200", "200 runs that sleep 3 s, all at once", workload => Sleepers.Measure(workload, 200, 3)),
        new("sleepers500", "500 runs that sleep 20 s, all at once", workload => Sleepers.Measure(workload, 500, 20)),
        new("sleepers", "1,000 runs that sleep 5 s, all at once", workload => Sleepers.Measure(workload, 1000, 5)),
        new("steer", "interrupt a running run with a second one, 8 clients", Steer.Measure),
        new("cancel", "cancel a running run and wait for it, 4 clients", Cancel.Measure),
        new("models", "500 runs of a language model that thinks for 2 s, all at once", Models.Measure) { NeedsModel = true },
    ];

    /// <summary>Whether the server must have an agent whose model is here; such a scenario runs only where there is one.</summary>
    public bool NeedsModel { get; init; }
}
