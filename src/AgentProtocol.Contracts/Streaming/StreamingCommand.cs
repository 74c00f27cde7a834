using System.Text.Json;

namespace AgentProtocol.Contracts.Streaming;

/// <summary>What a client asks of a thread (wire-contract 6.7, 6.10; schema <c>StreamingCommand</c>).</summary>
public sealed record StreamingCommand
{
    /// <summary>The client's number for it, from 0; the answer repeats it.</summary>
    public long? Id { get; init; }

    /// <summary>What to do, such as <c>run.start</c>, <c>input.respond</c> or <c>state.get</c>.</summary>
    public string? Method { get; init; }

    /// <summary>An object whose shape depends on the method.</summary>
    public JsonElement? Params { get; init; }
}
