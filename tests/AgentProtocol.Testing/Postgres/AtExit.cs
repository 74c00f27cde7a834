using System.Runtime.InteropServices;

namespace AgentProtocol.Testing.Postgres;

/// <summary>Cleans up once when the test process ends, also by Ctrl-C or a signal.</summary>
internal static class AtExit
{
    public static void Run(Func<Task> cleanUp)
    {
        var once = new Lazy<Task>(() => Task.Run(cleanUp));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => once.Value.GetAwaiter().GetResult();
        // Unhandled, these end the process without ProcessExit. They stay registered as long as the process lives.
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _ = PosixSignalRegistration.Create(signal, _ => once.Value.GetAwaiter().GetResult());
        }
    }
}
