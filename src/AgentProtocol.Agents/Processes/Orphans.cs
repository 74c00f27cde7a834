using System.Runtime.InteropServices;

namespace AgentProtocol.Agents.Processes;

/// <summary>
/// In a container the server is often process 1, to which the system gives the children of processes that have ended. Nobody
/// else takes note of their end, and each that nobody has noted keeps its place in the table of processes.
/// </summary>
internal static partial class Orphans
{
    /// <summary>Takes note of the end of a group that is being killed, whose leader has ended and been noted.</summary>
    public static void Reap(int group)
    {
        if (Environment.ProcessId == 1 && !OperatingSystem.IsWindows())
        {
            // On a thread of the pool, for the moment that dying takes.
            ThreadPool.QueueUserWorkItem(static id => WaitForAll(id), group, preferLocal: false);
        }
    }

    private static void WaitForAll(int group)
    {
        while (WaitPid(-group, IntPtr.Zero, 0) > 0)
        {
        }
    }

    [DllImport("libc", EntryPoint = "waitpid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitPid(int group, IntPtr status, int options);
}
