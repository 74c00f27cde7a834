using System.Diagnostics;

namespace AgentProtocol.DevPostgres.Processes;

/// <summary>Runs one of PostgreSQL's or the system's tools to its end.</summary>
internal sealed record Command(string File, params string[] Arguments)
{
    /// <summary>A folder that every user may enter, because the tool may run as another user than we.</summary>
    public string WorkingDirectory { get; init; } = Path.GetPathRoot(Environment.SystemDirectory) is { Length: > 0 } root ? root : "/";

    /// <summary>The PGDATA of the tool: as a variable it is never quoted for a shell, unlike <c>-D</c>.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>False for pg_ctl, whose child is the database server.</summary>
    public bool KillsChildrenOnCancel { get; init; } = true;

    public async Task<CommandResult> RunAsync(CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo())
            ?? throw new InvalidOperationException($"{File} did not start.");
        process.StandardInput.Close();
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(KillsChildrenOnCancel);
            throw;
        }

        return new CommandResult(process.ExitCode, await ReadAsync(output));
    }

    private static async Task<string> ReadAsync(Task<string[]> output)
    {
        try
        {
            return string.Concat(await output.WaitAsync(TimeSpan.FromSeconds(1)));
        }
        catch (TimeoutException)
        {
            // On Windows the database server inherits pg_ctl's pipes and keeps them open.
            return "";
        }
    }

    private ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo(File, Arguments)
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };

        // A user's PGPORT or PGDATA means another server; messages must be the ones we look for.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["LC_ALL"] = "C";
        if (DataDirectory is not null)
        {
            start.Environment["PGDATA"] = DataDirectory;
        }

        return start;
    }
}

internal sealed record CommandResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The line that names the cause, else the last one.</summary>
    public string Complaint => Complaints.In(Output) ?? $"exit code {ExitCode}";
}
