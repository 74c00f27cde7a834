using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Server;

/// <summary>Answer of <c>GET /ok</c> (wire-contract 11.1).</summary>
/// <param name="Ok">Always true.</param>
public sealed record OkResponse(bool Ok);

/// <summary>Answer of <c>GET /info</c> (wire-contract 11.1).</summary>
public sealed record ServerInfo
{
    /// <summary>The version of this server.</summary>
    public required string Version { get; init; }

    /// <summary>Always null: no Python runs here; the field is what platform clients look for.</summary>
    public string? LanggraphPyVersion { get; init; }

    /// <summary>What this server offers.</summary>
    public required IReadOnlyDictionary<string, bool> Flags { get; init; }

    /// <summary>Always empty.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>The runtime: <c>dotnet</c>.</summary>
    public required string Context { get; init; }
}
