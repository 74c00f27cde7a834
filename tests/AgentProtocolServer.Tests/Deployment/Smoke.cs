using System.Diagnostics;
using AgentProtocolServer.Tests.Architecture;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>deploy/smoke.sh, which says whether a deployment works.</summary>
internal static class Smoke
{
    public static async Task<(int ExitCode, string Output)> RunAsync(Uri server, string? key)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "There is no curl on this machine.");
        var start = new ProcessStartInfo("bash", [Checkout.PathOf("deploy/smoke.sh"), server.ToString().TrimEnd('/'), .. key is null ? [] : new[] { key }])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
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
}
