using System.Diagnostics;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>One start of a node, from its birth to its death.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process process;
    private readonly StreamWriter log;

    private NodeProcess(string name, Process process, StreamWriter log) => (Name, this.process, this.log) = (name, process, log);

    /// <summary>What it is called in the table <c>nodes</c>: no two starts share a name.</summary>
    public string Name { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Starts it; what it says goes to a file.</summary>
    public static NodeProcess Start(string server, string name, IReadOnlyDictionary<string, string> settings, string logFile)
    {
        var isLibrary = server.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isLibrary ? "dotnet" : server, isLibrary ? [server, "serve"] : ["serve"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(logFile)!,
        };
        foreach (var variable in start.Environment.Keys.Where(key => key.Contains("__", StringComparison.Ordinal) || key.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        start.Environment["Server__Name"] = name;
        var log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        Leftovers.Add(process, "KILL");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new NodeProcess(name, process, log);

        void Keep(string? line)
        {
            if (line is not null)
            {
                lock (log)
                {
                    log.WriteLine(line);
                }
            }
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>SIGKILL, to it alone: what it has started must notice by itself.</summary>
    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    public void Dispose()
    {
        Kill();
        process.WaitForExit();
        Leftovers.Remove(process);
        process.Dispose();
        lock (log)
        {
            log.Dispose();
        }
    }
}
