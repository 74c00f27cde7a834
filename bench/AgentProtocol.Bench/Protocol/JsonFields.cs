using System.Text.Json;
using AgentProtocol.Bench.Http;

namespace AgentProtocol.Bench.Protocol;

/// <summary>Picks single fields of an answer without building a document.</summary>
internal static class JsonFields
{
    public static string ReadText(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return MoveTo(ref reader, name) ? reader.GetString()! : throw new UnexpectedAnswerException("an answer lacks its id");
    }

    /// <summary>Moves to the text value of a field of the outermost object.</summary>
    public static bool MoveTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.String;
            }

            reader.Skip();
        }

        return false;
    }
}
