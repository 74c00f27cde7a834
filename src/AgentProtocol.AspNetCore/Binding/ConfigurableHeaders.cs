using System.Buffers;
using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>
/// The headers of one request that become settings of its runs, in <c>config.configurable</c> under their names in lower
/// case (wire-contract 5.10). They win over the body: a proxy in front sets them, and whoever writes the body does not.
/// </summary>
internal sealed class ConfigurableHeaders
{
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 2 };
    private static readonly JsonWriterOptions WriterOptions = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 2 };

    private readonly List<KeyValuePair<string, string>> values;

    private ConfigurableHeaders(List<KeyValuePair<string, string>> values) => this.values = values;

    public static ConfigurableHeaders Of(HttpContext context)
    {
        var names = context.RequestServices.GetRequiredService<HeaderNames>();
        List<KeyValuePair<string, string>> values = [];
        foreach (var header in context.Request.Headers)
        {
            if (names.Include(header.Key))
            {
                values.Add(new(header.Key.ToLowerInvariant(), header.Value.ToString()));
            }
        }

        return new ConfigurableHeaders(values);
    }

    /// <summary>The body with the settings; the same body when there are none.</summary>
    public (T Request, RawJson Text) AddTo<T>(T request, RawJson text)
        where T : RunCreate
    {
        if (values.Count == 0)
        {
            return (request, text);
        }

        using var document = JsonDocument.Parse(text.Text, DocumentOptions);
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, WriterOptions))
        {
            WriteWith(writer, document.RootElement, "config", config => WriteWith(writer, config, "configurable", WriteConfigurable(writer)));
        }

        using var extended = JsonDocument.Parse(output.WrittenMemory, DocumentOptions);
        var config = extended.RootElement.GetProperty("config").Clone();
        return (request with { Config = config }, new RawJson(Encoding.UTF8.GetString(output.WrittenSpan)));
    }

    private Action<JsonElement> WriteConfigurable(Utf8JsonWriter writer) => configurable =>
    {
        writer.WriteStartObject();
        foreach (var member in Members(configurable).Where(member => !values.Exists(value => value.Key == member.Name)))
        {
            WriteMember(writer, member);
        }

        foreach (var (name, value) in values)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    };

    /// <summary>Writes an object with one member written anew, in its place if it has one, else as the last.</summary>
    private static void WriteWith(Utf8JsonWriter writer, JsonElement element, string name, Action<JsonElement> write)
    {
        var isWritten = false;
        writer.WriteStartObject();
        foreach (var member in Members(element))
        {
            if (member.NameEquals(name))
            {
                isWritten = true;
                writer.WritePropertyName(name);
                write(member.Value);
            }
            else
            {
                WriteMember(writer, member);
            }
        }

        if (!isWritten)
        {
            writer.WritePropertyName(name);
            write(default);
        }

        writer.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter writer, JsonProperty member)
    {
        writer.WritePropertyName(member.Name);
        writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
    }

    private static IEnumerable<JsonProperty> Members(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : Enumerable.Empty<JsonProperty>();
}
