using System.Diagnostics;
using System.Runtime.InteropServices;
using AgentProtocolServer.Tests.Architecture;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>What the Dockerfile's build puts into the image, made with the same command on this machine.</summary>
public sealed class PublishedImage : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("agentprotocol-image-").FullName;

    /// <summary>What is <c>/app</c> in the image.</summary>
    public string App => Path.Combine(folder, "app");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes it. It takes a minute or more, so a test asks for it once it knows that it can use it.</summary>
    public async Task PublishAsync()
    {
        var start = new ProcessStartInfo("dotnet", Arguments(ImageFile.Current.Publish))
        {
            WorkingDirectory = Checkout.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + await errors);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private string[] Arguments(string run)
    {
        var command = run[(run.IndexOf("dotnet publish ", StringComparison.Ordinal) + "dotnet ".Length)..]
            .Replace("\"linux-$arch\"", $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}", StringComparison.Ordinal)

            // Not every package source has Hangfire: where it is not switched on, the image is tried without.
            .Replace("$UseHangfire", Environment.GetEnvironmentVariable("UseHangfire") ?? "false", StringComparison.Ordinal);
        Assert.DoesNotContain("$", command, StringComparison.Ordinal);

        // One core, because other tests go on meanwhile; and nothing of it may outlive the tests.
        return [.. command.Split(' ').Select(argument => argument == "/app" ? App : argument), "-v", "quiet", "--nologo", "-m:1", "--disable-build-servers"];
    }
}
