using System.Diagnostics;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Load;

/// <summary>Runs the same step on every client at once, one thread each, and keeps the time.</summary>
internal sealed class ClientPool(Target target, int size, Deadline deadline) : IDisposable
{
    private const int StackSize = 256 * 1024;

    public Client[] Clients { get; } = [.. Enumerable.Range(0, size).Select(index => new Client(index, target))];

    /// <summary>When the first request could leave.</summary>
    public long StartedAt { get; private set; }

    /// <summary>CPU time of this process while its clients ran.</summary>
    public TimeSpan Cpu { get; private set; }

    /// <summary>Time in which clients ran.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Opens the connections, so that no clock measures that.</summary>
    public ClientPool Connect()
    {
        Array.ForEach(Clients, client => client.Connect());
        return this;
    }

    /// <summary>Returns the time from the first request until the last client is done.</summary>
    public TimeSpan Run(Func<Client, bool> step)
    {
        using var gate = new ManualResetEventSlim();
        var threads = Array.ConvertAll(Clients, client => Start(client, step, gate));

        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        StartedAt = StartedAt == 0 ? started : StartedAt;
        gate.Set();
        foreach (var thread in threads)
        {
            thread.Join();
        }

        var wall = Stopwatch.GetElapsedTime(started);
        Busy += wall;
        Cpu += Environment.CpuUsage.TotalTime - cpu;
        return wall;
    }

    public Latencies Merge(Func<Client, Latencies> select) => Latencies.Merge(Clients.Select(select));

    public void Dispose()
    {
        foreach (var client in Clients)
        {
            client.Dispose();
        }
    }

    private Thread Start(Client client, Func<Client, bool> step, ManualResetEventSlim gate)
    {
        var thread = new Thread(
            () =>
            {
                gate.Wait();
                client.Repeat(step, deadline);
            },
            StackSize)
        { IsBackground = true };
        thread.Start();
        return thread;
    }
}
