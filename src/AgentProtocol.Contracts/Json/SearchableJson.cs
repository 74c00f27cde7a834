using System.Globalization;
using System.Text.Json;

namespace AgentProtocol.Contracts.Json;

/// <summary>
/// JSON that can be searched in. The database's <c>jsonb</c> refuses what JSON allows: NUL characters, half surrogate
/// pairs, astronomical numbers.
/// </summary>
public static class SearchableJson
{
    /// <summary>Beyond this a number is not worth comparing.</summary>
    private const int MaxNumberLength = 400;

    /// <summary>Whether a value is such JSON.</summary>
    public static bool Includes(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Object => value.EnumerateObject().All(member => !member.Name.Contains('\0') && Includes(member.Value)),
                JsonValueKind.Array => value.EnumerateArray().All(Includes),
                JsonValueKind.String => !value.GetString()!.Contains('\0'),
                JsonValueKind.Number => IsSearchable(value.GetRawText()),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            // What JsonElement throws for a string that is not valid UTF-16.
            return false;
        }
    }

    private static bool IsSearchable(string number)
    {
        var exponent = number.IndexOfAny(['e', 'E']);
        return number.Length <= MaxNumberLength
            && (exponent < 0 || (int.TryParse(number.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power)
                && Math.Abs(power) <= MaxNumberLength));
    }
}
