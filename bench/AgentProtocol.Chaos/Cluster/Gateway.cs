using System.Diagnostics;
using System.Globalization;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>nginx in front of the nodes, with the configuration that operators get; a folder, a port and addresses are its own.</summary>
internal sealed class Gateway : IDisposable
{
    private readonly Process process;

    private Gateway(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts it; null when nginx is not installed.</summary>
    public static Gateway? Start(string folder, int port, IReadOnlyList<string> nodes)
    {
        if (Tool.Find("nginx") is not { } nginx)
        {
            return null;
        }

        var home = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var file = Path.Combine(home, "nginx.conf");
        File.WriteAllText(Path.Combine(home, "ours.conf"), ProxyFile.For(port, nodes));
        File.WriteAllText(file, Configuration(home));

        // Killed, it would leave its worker behind.
        var process = Leftovers.Add(Process.Start(new ProcessStartInfo(nginx, ["-p", home, "-c", file, "-e", Path.Combine(home, "error.log")]))!, "TERM");
        return new Gateway(process, new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"));
    }

    public void Dispose()
    {
        Tool.Signal("TERM", process.Id);
        process.WaitForExit();
        Leftovers.Remove(process);
        process.Dispose();
    }

    /// <summary>What the image or the distribution has around our part.</summary>
    private static string Configuration(string home)
    {
        var user = Environment.IsPrivilegedProcess ? "user root;" : "";
        return $$"""
            daemon off;
            {{user}}
            worker_processes 1;
            pid {{home}}/nginx.pid;
            events { worker_connections 2048; }
            http {
                access_log off;
                client_body_temp_path {{home}}/body;
                proxy_temp_path {{home}}/proxy;
                fastcgi_temp_path {{home}}/fastcgi;
                uwsgi_temp_path {{home}}/uwsgi;
                scgi_temp_path {{home}}/scgi;
                include {{home}}/ours.conf;
            }
            """;
    }
}
