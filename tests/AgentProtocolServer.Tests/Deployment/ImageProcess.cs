using System.Runtime.InteropServices;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Architecture;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>
/// Starts programs of the image as a container would: its user, variables and working directory, a root without a shell that
/// cannot be written, /tmp and the agents' folder as docker-compose.yml mounts them. It wants root, to give all of that up.
/// </summary>
internal static class ImageProcess
{
    // Only libraries, time zones and .NET are there, as in the base image. Mounts end with the process that they were made for.
    private const string Enter =
        """
        set -eu
        root=$1 app=$2 dotnet=$3 agents=$4 work=$5 user=$6
        shift 6
        mount -t tmpfs -o mode=755 tmpfs "$root"
        show() { mkdir -p "$root$2"; mount --bind "$1" "$root$2"; mount -o remount,bind,ro "$root$2"; }
        for folder in /usr/lib /usr/lib64 /lib /lib64 /usr/share/zoneinfo; do
          if [ -L "$folder" ]; then cp -P "$folder" "$root$folder"; elif [ -d "$folder" ]; then show "$folder" "$folder"; fi
        done
        show "$dotnet" /dotnet
        show "$app" /app
        show "$agents" "$work"
        cp /etc/passwd /etc/hosts /etc/ld.so.cache "$root/etc/"
        mkdir "$root/proc" "$root/dev" "$root/tmp"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        mount -o remount,ro "$root"
        exec setpriv --no-new-privs unshare --root="$root" --wd="$work" --setgid "$user" --setuid "$user" -- "$@"
        """;

    /// <param name="image">What is in the image.</param>
    /// <param name="command">The whole command line, as the container would get it.</param>
    /// <param name="environment">Variables of the container beside the image's.</param>
    public static ServerProcess Start(PublishedImage image, IEnumerable<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var file = ImageFile.Current;
        var root = Path.Combine(Path.GetDirectoryName(image.App)!, "root");
        Directory.CreateDirectory(root);
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        string[] arguments = ["--mount", "--", "sh", "-c", Enter, "sh", root, image.App, dotnet, Checkout.PathOf("deploy/agents"), file.WorkingDirectory, file.User];

        // Distributions have the runtime in different places; the base image has it where its executables look.
        var variables = new Dictionary<string, string> { ["DOTNET_ROOT"] = "/dotnet" };
        foreach (var (name, value) in file.Environment.Concat(environment))
        {
            variables[name] = value.Replace("$PATH", "/usr/bin", StringComparison.Ordinal);
        }

        return ServerProcess.Start([.. arguments, .. command], variables, "/usr/bin/unshare");
    }

    /// <summary>Skips the test on machines where no such place can be made.</summary>
    public static async Task RequireAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can start a process as the image does.");
        Assert.SkipUnless(File.Exists("/usr/bin/unshare") && File.Exists("/usr/bin/setpriv"), "There are no unshare and setpriv on this machine.");
        await using var trial = ServerProcess.Start(["--mount", "--", "mount", "-t", "tmpfs", "tmpfs", Path.GetTempPath()], name: "/usr/bin/unshare");
        Assert.SkipUnless(await trial.ExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken) == 0, "This machine does not let root mount anything.");
    }
}
