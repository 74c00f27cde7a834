using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Engine.Threads;

/// <summary>A thread's time to live: minutes, or an object with minutes and a strategy (wire-contract 3.1).</summary>
internal static class ThreadTtl
{
    /// <summary>The object form; null when none was given.</summary>
    /// <exception cref="ProtocolException">It is neither form, or not a positive number.</exception>
    public static string? Read(JsonElement? ttl)
    {
        if (ttl is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        var minutes = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("ttl", out var inner) ? inner : value;
        if (minutes.ValueKind != JsonValueKind.Number || !minutes.TryGetDouble(out var number) || !(number > 0) || !double.IsFinite(number))
        {
            throw ProtocolException.InvalidField("ttl", "must be a positive number of minutes, or an object with one in ttl");
        }

        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("strategy", out var strategy)
            && strategy.TextOrNull() != "delete")
        {
            throw ProtocolException.InvalidField("ttl.strategy", "must be delete");
        }

        return $$"""{"ttl":{{minutes.GetRawText()}},"strategy":"delete"}""";
    }
}
