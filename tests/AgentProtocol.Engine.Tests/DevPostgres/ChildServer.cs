using System.Diagnostics;
using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

/// <summary>Another process with a private PostgreSQL, to be killed: this test assembly again, running one explicit test.</summary>
public sealed class ChildServer
{
    private const string FolderVariable = "AGENTPROTOCOL_TEST_CHILD_FOLDER";
    private const string Ready = "child is ready";

    [Fact(Explicit = true)]
    public async Task Holds_the_folder_until_it_is_killed()
    {
        var options = new PrivatePostgresOptions { DataDirectory = Environment.GetEnvironmentVariable(FolderVariable), Fast = true };
        await using var postgres = await PrivatePostgres.StartAsync(options, NullLogger.Instance, TestContext.Current.CancellationToken);
        Console.WriteLine(Ready);
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    }

    internal static async Task<Process> StartAsync(string folder)
    {
        var assembly = typeof(ChildServer).Assembly.Location;
        string[] arguments = ["exec", assembly, "-explicit", "only", "-class", typeof(ChildServer).FullName!];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = folder;
        var child = Process.Start(start)!;
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(Ready, StringComparison.Ordinal))
            {
                return child;
            }
        }

        throw new InvalidOperationException($"The child ended with exit code {child.ExitCode}.");
    }
}
