using System.Diagnostics;
using System.Globalization;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>nginx in front of the nodes, as an operator would have it; with a folder and a port of its own.</summary>
internal sealed class Gateway : IDisposable
{
    private readonly Process process;

    private Gateway(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts it; null when nginx is not installed.</summary>
    public static Gateway? Start(string folder, int port, IEnumerable<Uri> nodes)
    {
        if (Tool.Find("nginx") is not { } nginx)
        {
            return null;
        }

        var home = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var file = Path.Combine(home, "nginx.conf");
        File.WriteAllText(file, Configuration(home, port, nodes));

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

    /// <summary>No buffering, because streams pass; a node that is away is passed over for a second.</summary>
    private static string Configuration(string home, int port, IEnumerable<Uri> nodes)
    {
        var servers = string.Concat(nodes.Select(node => $"server {node.Authority} max_fails=1 fail_timeout=1s; "));
        var user = Environment.IsPrivilegedProcess ? "user root;" : "";
        return string.Create(CultureInfo.InvariantCulture, $$"""
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
                upstream nodes { {{servers}}keepalive 16; }
                server {
                    listen 127.0.0.1:{{port}};
                    location / {
                        proxy_pass http://nodes;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $host;
                        proxy_buffering off;
                        proxy_connect_timeout 2s;
                        proxy_read_timeout 300s;
                    }
                }
            }
            """);
    }
}
