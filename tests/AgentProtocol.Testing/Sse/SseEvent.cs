using System.Text.Json;

namespace AgentProtocol.Testing.Sse;

/// <summary>One event of an event stream.</summary>
/// <param name="Id">Its id; null when it had none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Text">Its data as it was sent.</param>
public sealed record SseEvent(long? Id, string Name, string Text)
{
    /// <summary>Its data, parsed.</summary>
    public JsonElement Data => JsonDocument.Parse(Text).RootElement;
}
