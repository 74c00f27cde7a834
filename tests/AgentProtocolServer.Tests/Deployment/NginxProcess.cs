using System.Globalization;
using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Servers;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>A real nginx with the configuration that is committed; only addresses are others.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    public const string Configuration = "deploy/nginx/agent-protocol-server.conf";

    private static readonly string[] Places = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

    private readonly string folder;
    private readonly ServerProcess process;

    private NginxProcess(string folder, ServerProcess process, Uri address) => (this.folder, this.process, Address) = (folder, process, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>What its own check says of the configuration.</summary>
    public static async Task<(int ExitCode, string Output)> CheckAsync()
    {
        var program = Find();
        var folder = Prepare(FreePort.Take(), ["127.0.0.1:1", "127.0.0.1:2"]);
        await using var check = ServerProcess.Start(["-t", "-p", folder, "-c", Path.Combine(folder, "nginx.conf")], name: program);
        var exitCode = await check.ExitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        return (exitCode, check.Log);
    }

    /// <summary>Starts it before two nodes.</summary>
    /// <param name="nodes">Host and port of each.</param>
    public static async Task<NginxProcess> StartAsync(params string[] nodes)
    {
        var program = Find();
        var port = FreePort.Take();
        var folder = Prepare(port, nodes);
        var process = ServerProcess.Start(["-p", folder, "-c", Path.Combine(folder, "nginx.conf")], name: program);
        var nginx = new NginxProcess(folder, process, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")));
        try
        {
            await Until.TrueAsync(() => ListensAsync(process, port), TestContext.Current.CancellationToken);
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<bool> ListensAsync(ServerProcess process, int port)
    {
        Assert.False(process.HasExited, process.Log);
        using var socket = new System.Net.Sockets.TcpClient();
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>What the image or the distribution has around our part. One process, so that a kill leaves nothing behind.</summary>
    private static string Prepare(int port, string[] nodes)
    {
        var folder = Directory.CreateTempSubdirectory("agentprotocol-nginx-").FullName;
        File.WriteAllText(Path.Combine(folder, "ours.conf"), ProxyFile.For(port, nodes));
        File.WriteAllText(
            Path.Combine(folder, "nginx.conf"),
            $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log stderr warn;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                include {{folder}}/ours.conf;
            }
            """);
        return folder;
    }

    /// <summary>Skips, or fails where the environment has <c>CI</c>, without nginx.</summary>
    private static string Find()
    {
        var program = Places.Select(place => Path.Combine(place, "nginx")).FirstOrDefault(File.Exists);
        if (program is null)
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), "There is no nginx on this machine.");
            Assert.Fail("CI has no nginx: install the package nginx.");
        }

        return program;
    }
}
