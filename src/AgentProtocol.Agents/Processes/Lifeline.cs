using System.IO.Pipes;

namespace AgentProtocol.Agents.Processes;

/// <summary>
/// This server's end of the pipe that a program's guard reads from. The system closes it when the server dies, however it dies.
/// </summary>
internal sealed class Lifeline : IDisposable
{
    private readonly AnonymousPipeServerStream? pipe = OperatingSystem.IsWindows() ? null : new(PipeDirection.Out, HandleInheritability.Inheritable);
    private readonly Lock gate = new();
    private bool isCut;

    /// <summary>The number of the guard's end, which a process that is started now inherits.</summary>
    public string GuardEnd => pipe?.GetClientHandleAsString() ?? "";

    /// <summary>Forgets the guard's end: its process has it, or there is none.</summary>
    public void HandOver() => pipe?.DisposeLocalCopyOfClientHandle();

    /// <summary>Has SIGTERM sent to the whole group.</summary>
    public void AskToEnd()
    {
        lock (gate)
        {
            if (isCut)
            {
                return;
            }

            try
            {
                pipe?.WriteByte((byte)'\n');
            }
            catch (IOException)
            {
                // The guard is gone, and then so is its group.
            }
        }
    }

    /// <summary>Has SIGKILL sent to the whole group, whoever is left of it.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isCut = true;
            pipe?.Dispose();
        }
    }
}
