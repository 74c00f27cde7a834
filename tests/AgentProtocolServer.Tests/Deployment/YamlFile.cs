using System.Text.Json;
using System.Text.Json.Nodes;
using AgentProtocolServer.Tests.Architecture;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>YAML of this repository as JSON, which is what Docker Compose and Helm make of it.</summary>
internal static class YamlFile
{
    public static JsonNode Read(string file)
    {
        using var text = File.OpenText(Checkout.PathOf(file));
        var stream = new YamlStream();

        // Anchors and `<<` are resolved by the parser, so what is compared is what takes effect.
        stream.Load(new MergingParser(new Parser(text)));
        return Convert(stream.Documents.Single().RootNode)!;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(
            pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value ?? ""),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new InvalidDataException($"Unexpected node: {node}"),
    };

    private static JsonValue? Plain(string value)
    {
        if (value is "" or "~")
        {
            return null;
        }

        // Numbers, flags and null are written as in JSON; whatever is not JSON is a text.
        try
        {
            return JsonNode.Parse(value) switch
            {
                null => null,
                JsonValue scalar => scalar,
                _ => JsonValue.Create(value),
            };
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);
        }
    }
}
