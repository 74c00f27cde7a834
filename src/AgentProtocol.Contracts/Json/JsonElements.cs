using System.Text.Json;

namespace AgentProtocol.Contracts.Json;

/// <summary>
/// Reads JSON of users. It may hold half of a surrogate pair, which is valid JSON and no valid text: JsonElement's own
/// members throw there.
/// </summary>
public static class JsonElements
{
    extension(JsonElement element)
    {
        /// <summary>The text of a string; null for another kind of value and for what is no valid text.</summary>
        public string? TextOrNull()
        {
            try
            {
                return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        /// <summary>Whether two values are equal; what is no valid text is equal to nothing.</summary>
        /// <param name="other">The value to compare with.</param>
        public bool IsSameAs(JsonElement other)
        {
            try
            {
                return JsonElement.DeepEquals(element, other);
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }
}
