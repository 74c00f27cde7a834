using System.Text.Json;
using ModelContextProtocol.Client;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>Where a server of the Model Context Protocol is: a program, or a URL.</summary>
internal sealed record McpServer
{
    /// <summary>What it is called in messages, and before the names of its tools where others have the same.</summary>
    public required string Name { get; init; }

    /// <summary>The program that is spoken with by its standard input and output; null for a URL.</summary>
    public string? Command { get; init; }

    /// <summary>The program's arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The program's environment, besides <c>PATH</c>, <c>HOME</c> and the like.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The URL of a server that speaks streamable HTTP; null for a program.</summary>
    public Uri? Url { get; init; }

    /// <summary>Headers of each request to the URL.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What two descriptions have to have in common to share a connection.</summary>
    public string Key => JsonSerializer.Serialize(new { Command, Arguments, Environment, Url, Headers });

    /// <summary>A way to it that has not been taken yet.</summary>
    public IClientTransport CreateTransport(HttpClient http)
    {
        if (Url is not null)
        {
            HttpClientTransportOptions remote = new()
            {
                Name = Name,
                Endpoint = Url,
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = Headers.ToDictionary(),

                // What servers say unasked is not listened to, and a stream for it would hold a connection each.
                EnableStandaloneGetStream = false,
            };
            return new HttpClientTransport(remote, http, ownsHttpClient: false);
        }

        // Only what is named: a third party's program must not find this server's keys and connection strings.
        var environment = StdioClientTransportOptions.GetDefaultEnvironmentVariables();
        foreach (var (name, value) in Environment)
        {
            environment[name] = value;
        }

        return new StdioClientTransport(new StdioClientTransportOptions
        {
            Name = Name,
            Command = Command!,
            Arguments = [.. Arguments],
            InheritEnvironmentVariables = false,
            EnvironmentVariables = environment,
        });
    }

    /// <summary>Not the members: environment and headers hold secrets.</summary>
    public override string ToString() => Name;
}
