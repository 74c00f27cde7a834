using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>The folder <c>tests/clients</c> and the Node.js that runs it.</summary>
internal static class NodeClients
{
    private static readonly Lazy<Task> Installation = new(InstallAsync);

    public static string Folder => field ??= Find();

    /// <summary>Runs a script and gives its exit code with what it has said. Skips, or fails where the environment has <c>CI</c>, without Node.js.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string script, IReadOnlyDictionary<string, string> environment)
    {
        await InstalledAsync();
        return await ExecuteAsync("node", [script], environment);
    }

    /// <summary>Once this is done, programs in the folder run. Skips, or fails where the environment has <c>CI</c>, without Node.js.</summary>
    public static async Task InstalledAsync()
    {
        if (!await HasNodeAsync())
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), "There is no Node.js on this machine.");
            Assert.Fail("CI has no Node.js: install version 20 or newer.");
        }

        await Installation.Value;
    }

    /// <summary>Once per process, when what is installed is missing or older than the lock file.</summary>
    private static async Task InstallAsync()
    {
        var installed = new FileInfo(Path.Combine(Folder, "node_modules", ".package-lock.json"));
        if (installed.Exists && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
        {
            return;
        }

        var (exitCode, output) = await ExecuteAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--legacy-peer-deps"], new Dictionary<string, string>());
        Assert.True(exitCode == 0, output);
    }

    private static async Task<bool> HasNodeAsync()
    {
        try
        {
            return (await ExecuteAsync("node", ["--version"], new Dictionary<string, string>())).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static async Task<(int ExitCode, string Output)> ExecuteAsync(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // Node.js 20 has the browsers' WebSocket, which the SDK wants, only when it is asked for.
        start.Environment["NODE_OPTIONS"] = "--experimental-websocket";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var clients = Path.Combine(folder.FullName, "tests", "clients");
            if (Directory.Exists(clients))
            {
                return clients;
            }
        }

        throw new DirectoryNotFoundException($"There is no tests/clients above {AppContext.BaseDirectory}.");
    }
}
