using System.Text;

namespace AgentProtocol.Bench.Http;

/// <summary>The server under load, with everything that is the same in every request already encoded.</summary>
internal sealed class Target
{
    public Target(Uri url, IEnumerable<string> headers, TimeSpan requestTimeout)
    {
        Host = url.IdnHost;
        Port = url.Port;
        RequestTimeout = requestTimeout;
        PathBase = Encoding.ASCII.GetBytes(url.AbsolutePath.TrimEnd('/'));

        var common = new StringBuilder(" HTTP/1.1\r\nHost: ").Append(url.Authority).Append("\r\n");
        foreach (var header in headers)
        {
            common.Append(header).Append("\r\n");
        }

        CommonHeaders = Encoding.Latin1.GetBytes(common.ToString());
    }

    public string Host { get; }
    public int Port { get; }
    public TimeSpan RequestTimeout { get; }
    public byte[] PathBase { get; }

    /// <summary>From the end of the request path to the last header that every request carries.</summary>
    public byte[] CommonHeaders { get; }
}
