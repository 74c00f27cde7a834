using System.Collections.Concurrent;
using System.Diagnostics;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>Processes that must not outlive this one, however it ends.</summary>
internal static class Leftovers
{
    private static readonly ConcurrentDictionary<int, string> Living = new();

    static Leftovers() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var (processId, signal) in Living)
        {
            Tool.Signal(signal, processId);
        }
    };

    /// <summary>Starts to look after a process, which is ended with this signal.</summary>
    public static Process Add(Process process, string signal)
    {
        Living[process.Id] = signal;
        return process;
    }

    /// <summary>It has ended.</summary>
    public static void Remove(Process process) => Living.TryRemove(process.Id, out _);
}
