using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentProtocol.Agents.Tests.Configuration;

/// <summary>Goes through a file along its schema.</summary>
internal static class AgentsSchemaWalk
{
    /// <summary>The objects of a file that may have no other members than the schema says, each with its part of the schema.</summary>
    public static List<(JsonObject Value, JsonNode Schema)> Closed(JsonNode schema, JsonNode file) => [.. Walk(schema, file)];

    /// <summary>The paths of all parts of the schema that describe such an object.</summary>
    public static IEnumerable<string> AllClosed(JsonNode schema) => schema switch
    {
        JsonObject part => (IsClosed(part) ? [part.GetPath()] : Enumerable.Empty<string>()).Concat(part.Where(member => member.Value is not null).SelectMany(member => AllClosed(member.Value!))),
        JsonArray list => list.Where(item => item is not null).SelectMany(item => AllClosed(item!)),
        _ => [],
    };

    public static IEnumerable<string> Members(JsonNode schema) => schema["properties"]!.AsObject().Select(member => member.Key);

    private static IEnumerable<(JsonObject Value, JsonNode Schema)> Walk(JsonNode schema, JsonNode? value)
    {
        var part = Resolve(schema, value);
        if (value is JsonArray list && part["items"] is { } items)
        {
            foreach (var found in list.SelectMany(item => Walk(items, item)))
            {
                yield return found;
            }
        }

        if (value is not JsonObject members)
        {
            yield break;
        }

        if (IsClosed(part))
        {
            yield return (members, part);
        }

        foreach (var (name, member) in members)
        {
            if ((part["properties"]?[name] ?? part["additionalProperties"]) is JsonObject described)
            {
                foreach (var found in Walk(described, member))
                {
                    yield return found;
                }
            }
        }
    }

    /// <summary>Where a reference points to, and the alternative that fits.</summary>
    private static JsonNode Resolve(JsonNode schema, JsonNode? value)
    {
        if (schema["$ref"] is { } reference)
        {
            return Resolve(schema.Root["definitions"]![reference.GetValue<string>().Split('/')[^1]]!, value);
        }

        return (schema["oneOf"] ?? schema["anyOf"]) is JsonArray alternatives
            ? alternatives.Select(alternative => Resolve(alternative!, value)).FirstOrDefault(alternative => Fits(alternative, value)) ?? schema
            : schema;
    }

    private static bool Fits(JsonNode schema, JsonNode? value) => value is not JsonObject members
        ? schema["properties"] is null && schema["items"] is not null == value is JsonArray
        : schema["properties"] is not null
          && (schema["required"] as JsonArray ?? []).All(name => members.ContainsKey(name!.GetValue<string>()))
          && (schema["properties"]?["kind"]?["enum"] is not JsonArray kinds || kinds.Any(kind => JsonNode.DeepEquals(kind, members["kind"])));

    private static bool IsClosed(JsonNode schema) => schema["additionalProperties"] is JsonValue { } flag && flag.GetValueKind() == JsonValueKind.False;
}
