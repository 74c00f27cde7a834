using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// Copies of user JSON that can be searched in. <c>jsonb</c> refuses what JSON allows (NUL characters, half surrogate
/// pairs, astronomical numbers): where a caller asks for a searchable field, that is the caller's mistake.
/// </summary>
internal static class JsonFilter
{
    /// <summary>The copy of an object to store; null when there is nothing to search in.</summary>
    /// <exception cref="ProtocolException">The object cannot be stored as <c>jsonb</c>.</exception>
    public static string? Copy(JsonElement? value, string field)
    {
        if (value is not { ValueKind: JsonValueKind.Object } element || !element.EnumerateObject().MoveNext())
        {
            return null;
        }

        return IsStorable(element) ? element.GetRawText()
            : throw ProtocolException.InvalidField(field, "holds text or a number that cannot be searched: a NUL character, half of a surrogate pair, or a number out of range");
    }

    /// <summary>The copy of a state's values, which are the agent's and not the caller's: left out when they cannot be searched.</summary>
    public static string? CopyOrNull(string values)
    {
        const int maxLength = 8 * 1024;
        return values != "{}" && values.Length <= maxLength && IsStorable(State.JsonText.Parse(values)) ? values : null;
    }

    /// <summary>Whether PostgreSQL can store a value as <c>jsonb</c>.</summary>
    public static bool IsStorable(JsonElement value) => SearchableJson.Includes(value);
}
