using System.Globalization;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>What a node is doing.</summary>
internal enum NodeState
{
    Starting,
    Up,
    Frozen,
    Ending,
}

/// <summary>A node that is started again whenever it ends, as a service manager would.</summary>
internal sealed class Node(int number, int port, string server, string folder, IReadOnlyDictionary<string, string> settings, Ledger ledger, Disturbance disturbance)
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Probe = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly Lock gate = new();
    private NodeProcess? process;
    private bool mustEndInOrder;
    private int starts;

    public Uri Address { get; } = new($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");

    public NodeState State { get; private set; } = NodeState.Starting;

    /// <summary>The name of the present start.</summary>
    public string Incarnation => process?.Name ?? "";

    /// <summary>How long it stays away after it has ended.</summary>
    public TimeSpan RestartPause { get; set; }

    /// <summary>Whether faults may hit it.</summary>
    public bool IsUp => State == NodeState.Up;

    /// <summary>Keeps it running until told to stop.</summary>
    public async Task SuperviseAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LiveOnceAsync(stop);
                await Task.Delay(RestartPause, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
        }

        process?.Dispose();
    }

    /// <summary>Ends it at once.</summary>
    public void Kill()
    {
        State = NodeState.Ending;
        process!.Kill();
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate()
    {
        lock (gate)
        {
            mustEndInOrder = true;
            State = NodeState.Ending;
        }

        Tool.Signal("TERM", process!.Id);
    }

    public void Freeze()
    {
        State = NodeState.Frozen;
        Tool.Signal("STOP", process!.Id);
    }

    public void Thaw()
    {
        Tool.Signal("CONT", process!.Id);
        State = NodeState.Up;
    }

    private async Task LiveOnceAsync(CancellationToken stop)
    {
        process?.Dispose();
        (State, mustEndInOrder) = (NodeState.Starting, false);
        var name = string.Create(CultureInfo.InvariantCulture, $"node-{number}.{++starts}");
        var born = Ledger.Now;
        process = NodeProcess.Start(server, name, settings, Path.Combine(folder, $"node-{number.ToString(CultureInfo.InvariantCulture)}.log"));
        if (!await BecomeReadyAsync(process, stop))
        {
            // A service manager starts it again, and so do we; only without its database it has an excuse.
            ledger.Count("starts given up");
            ledger.Require(disturbance.HasBeenSince(born), $"node {name} ended with exit code {process.ExitCode} before it was ready, and nothing was done to its database");
            RestartPause = TimeSpan.FromMilliseconds(500);
            return;
        }

        State = NodeState.Up;
        await process.WaitForExitAsync(stop);
        Judge(process);
    }

    private async Task<bool> BecomeReadyAsync(NodeProcess starting, CancellationToken stop)
    {
        while (!starting.HasExited)
        {
            try
            {
                using var answer = await Probe.GetAsync(new Uri(Address, "/ok"), stop);
                if (answer.IsSuccessStatusCode)
                {
                    return true;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                // Not yet.
            }

            await Task.Delay(100, stop);
        }

        return false;
    }

    /// <summary>A node ends when it is told to, and in order when it was asked to.</summary>
    private void Judge(NodeProcess ended)
    {
        lock (gate)
        {
            if (State != NodeState.Ending)
            {
                ledger.Violation($"node {ended.Name} ended by itself with exit code {ended.ExitCode}");
                State = NodeState.Ending;
            }
            else if (mustEndInOrder && ended.ExitCode != 0)
            {
                ledger.Violation($"node {ended.Name} ended with exit code {ended.ExitCode} after SIGTERM");
            }
        }
    }

    /// <summary>Waits until it has ended in order after SIGTERM.</summary>
    public async Task EndedAsync(CancellationToken cancellationToken)
    {
        var ending = process!;
        try
        {
            await ending.WaitForExitAsync(cancellationToken).WaitAsync(ExitLimit, cancellationToken);
        }
        catch (TimeoutException)
        {
            ledger.Violation($"node {ending.Name} did not end within {ExitLimit.TotalSeconds} s after SIGTERM");
            ending.Kill();
        }
        catch (InvalidOperationException)
        {
            // Ended and cleared away already.
        }
    }
}
