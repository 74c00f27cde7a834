using System.Diagnostics;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

/// <summary>A second message replaces a running run: how fast, and does the thread say the right thing afterwards.</summary>
internal static class Steer
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(8);
        var first = workload.Bodies.Plain("sleep 30");
        var second = workload.Bodies.Interrupting("second");

        var budget = new Budget(workload.Steps(80));
        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var old = client.Api.CreateRun(client.Api.CreateThread(), first);
            client.Api.AwaitStatus(old, RunStatus.Running);
            var started = Stopwatch.GetTimestamp();
            var replacement = client.Api.CreateRun(old.ThreadId, second);
            client.Api.AwaitStatus(replacement, RunStatus.Success);
            client.Latency.Since(started);
            Verify(client.Api, old);
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "runs", latency.Count).With("latency_ms", latency);
    }

    private static void Verify(AgentApi api, RunKey old)
    {
        if (api.GetStatus(old) is var status and not RunStatus.Interrupted)
        {
            throw new UnexpectedAnswerException($"the superseded run is {status}");
        }

        var messages = api.GetMessages(old.ThreadId);
        var asked = messages.Where(message => message.FromUser).Select(message => message.Text);
        if (!asked.SequenceEqual(["sleep 30", "second"]) || messages[^1] != new StateMessage(false, "echo: second"))
        {
            throw new UnexpectedAnswerException($"after steering the thread says: {string.Join(" | ", messages)}");
        }
    }
}
