using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>
/// Finds mistakes in the JSON Schemas of agents: what is not a schema at all, so that a typing error is not found by the
/// first client. Keywords that no draft has are ignored, as JSON Schema wants it.
/// </summary>
internal static class SchemaConfiguration
{
    private static readonly string[] Types = ["array", "boolean", "integer", "null", "number", "object", "string"];

    /// <summary>The schema of an agent, which is an object.</summary>
    public static JsonElement Read(ConfigurationNode schema)
    {
        Check(schema);
        return schema.Json();
    }

    private static void Check(ConfigurationNode schema)
    {
        foreach (var keyword in schema.Members())
        {
            CheckKeyword(keyword);
        }
    }

    private static void CheckKeyword(ConfigurationNode keyword)
    {
        switch (keyword.Name)
        {
            case "type":
                CheckType(keyword);
                break;
            case "$ref":
                CheckReference(keyword);
                break;
            case "properties" or "patternProperties" or "$defs" or "definitions" or "dependentSchemas":
                CheckAll(keyword.Members());
                break;
            case "allOf" or "anyOf" or "oneOf" or "prefixItems":
                CheckAll(NotEmpty(keyword).Items());
                break;
            case "items" when keyword.Element.ValueKind == JsonValueKind.Array:
                CheckAll(keyword.Items());
                break;
            case "items" or "additionalProperties" or "additionalItems" or "propertyNames" or "contains" or "not" or "if" or "then" or "else":
                CheckPart(keyword);
                break;
            case "enum":
                NotEmpty(keyword);
                break;
            case "required":
                CheckTexts(keyword);
                break;
        }
    }

    private static void CheckAll(IEnumerable<ConfigurationNode> schemas)
    {
        foreach (var schema in schemas)
        {
            CheckPart(schema);
        }
    }

    /// <summary>Inside of a schema, <c>true</c> and <c>false</c> are schemas too.</summary>
    private static void CheckPart(ConfigurationNode schema)
    {
        if (schema.Element.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Check(schema);
        }
    }

    private static void CheckType(ConfigurationNode type)
    {
        foreach (var name in type.Element.ValueKind == JsonValueKind.Array ? NotEmpty(type).Items() : [type])
        {
            if (!Types.Contains(name.Text()))
            {
                throw name.Error($"\"{name.Text()}\" is not a type of JSON: use one of {string.Join(", ", Types)}");
            }
        }
    }

    /// <summary>Nobody who reads the schema should have to ask another server for the rest of it.</summary>
    private static void CheckReference(ConfigurationNode reference)
    {
        if (!reference.Text().StartsWith('#'))
        {
            throw reference.Error("this points out of the file: put that schema below \"$defs\", and point to it as in \"#/$defs/name\"");
        }
    }

    private static void CheckTexts(ConfigurationNode list)
    {
        foreach (var item in list.Items())
        {
            item.Text();
        }
    }

    private static ConfigurationNode NotEmpty(ConfigurationNode list) =>
        list.Items().Any() ? list : throw list.Error("this list must not be empty");
}
