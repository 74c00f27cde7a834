using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Streaming;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>A command as it came over a WebSocket.</summary>
internal readonly record struct SocketCommand(long Id, string Method, JsonElement? Params)
{
    /// <summary>Reads the envelope; null when it is none, so that nothing can be answered under its number.</summary>
    public static SocketCommand? Read(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.Number || !id.TryGetInt64(out var number) || number < 0
            || !message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return new SocketCommand(number, method.GetString()!, message.TryGetProperty("params", out var given) ? given : null);
        }
        catch (InvalidOperationException)
        {
            // JsonElement refuses to hand out text that holds half of a surrogate pair.
            return null;
        }
    }

    /// <summary>Reads the filter of a subscription.</summary>
    /// <exception cref="ProtocolException">It has another shape.</exception>
    public EventStreamRequest ReadFilter()
    {
        try
        {
            return Params is { ValueKind: JsonValueKind.Object } filter
                ? filter.Deserialize(ProtocolJsonContext.Default.EventStreamRequest)!
                : new EventStreamRequest();
        }
        catch (JsonException exception)
        {
            throw Binding.BodyShape.Refuse(exception, ProtocolJsonContext.Default.EventStreamRequest);
        }
    }
}
