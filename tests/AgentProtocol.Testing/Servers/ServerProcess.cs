using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AgentProtocol.Testing.Postgres;

namespace AgentProtocol.Testing.Servers;

/// <summary>The built executable as a process of its own, which can be killed like any other.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Living = new();
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly ConcurrentQueue<string> log = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpClient? client;

    // None of them may outlive the tests, however these end.
    static ServerProcess() => AtExit.Run(() =>
    {
        foreach (var living in Living.Values)
        {
            KillQuietly(living);
        }

        return Task.CompletedTask;
    });

    private ServerProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, isError: true);
        process.Start();
        Living[process.Id] = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>All that it has written so far.</summary>
    public string Log => string.Join(Environment.NewLine, log);

    /// <summary>What it has written to standard error, line by line.</summary>
    public IReadOnlyList<string> Errors => [.. errors];

    /// <summary>Talks to it, once it is ready.</summary>
    public HttpClient Client => client ?? throw new InvalidOperationException("The server is not ready yet.");

    /// <summary>Starts the executable that lies beside the test assembly.</summary>
    /// <param name="arguments">Its verb and settings.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="name">The executable's name, or the path of a program that lies elsewhere.</param>
    public static ServerProcess Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string name = "agentprotocol")
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var variable in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (variable, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }

        return new ServerProcess(start);
    }

    /// <summary>Starts a server on a free port of this machine.</summary>
    public static ServerProcess Serve(string connectionString, params IEnumerable<string> settings) =>
        Start(
            ["serve", "--Server:Urls=http://127.0.0.1:0", TestQueue.Setting, .. settings],
            new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = connectionString });

    /// <summary>Waits until it has printed its banner and answers.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        if (await Task.WhenAny(address.Task, process.WaitForExitAsync(cancellationToken)).WaitAsync(StartLimit, cancellationToken) != address.Task)
        {
            throw new InvalidOperationException($"The server ended with {process.ExitCode} instead of starting:{Environment.NewLine}{Log}");
        }

        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = await address.Task };
        using var answer = await client.GetAsync("/ok", cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Ends it at once, as a crash would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end and gives its exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken).WaitAsync(limit, cancellationToken);
        return process.ExitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        KillQuietly(process);
        await process.WaitForExitAsync();
        Living.TryRemove(process.Id, out _);
        client?.Dispose();
        process.Dispose();
    }

    private static void KillQuietly(Process process)
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

    /// <summary>Whether a variable of the test process would configure the server.</summary>
    private static bool IsSetting(string variable) =>
        variable.Contains("__", StringComparison.Ordinal) || variable.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
        || variable.StartsWith("DOTNET_ENVIRONMENT", StringComparison.Ordinal);

    private void Keep(string? line, bool isError)
    {
        if (line is null)
        {
            return;
        }

        log.Enqueue(line);
        if (isError)
        {
            errors.Enqueue(line);
        }

        if (Address(line) is { } found)
        {
            address.TrySetResult(found);
        }
    }

    /// <summary>The banner's line about the API, or the line in which ASP.NET Core says the same.</summary>
    private static Uri? Address(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isAddress = words is ["API", _] or ["Now", "listening", "on:", _];
        return isAddress ? new Uri(words[^1]) : null;
    }
}
