using System.Text;
using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;

namespace AgentProtocolServer.Tests.Access;

/// <summary>An operation of the served OpenAPI document.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path with its parameters in braces.</param>
/// <param name="Definition">The operation's object.</param>
/// <param name="Document">The whole document, for its references.</param>
internal sealed record Operation(HttpMethod Method, string Path, JsonElement Definition, JsonElement Document)
{
    private static readonly string[] Questions = ["/search", "/count", "/history", "/state/checkpoint", "/namespaces", "/versions"];

    /// <summary>All of the document.</summary>
    public static async Task<Operation[]> ReadAsync(HttpClient client)
    {
        var document = await client.GetJsonAsync("/openapi.json");
        return
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new Operation(HttpMethod.Parse(operation.Name), path.Name, operation.Value, document),
        ];
    }

    public string Name => $"{Method} {Path}";

    public string Id => Definition.Text("operationId");

    /// <summary>The scope that it needs, as the document says; null when anybody may.</summary>
    public string? Scope => Definition.TryGetProperty("security", out _) ? Definition.Text("description").Split('`')[1] : null;

    /// <summary>Whether its scope was declared: only then does the document list the refusals for want of it.</summary>
    public bool DeclaresScope => Definition.GetProperty("responses").TryGetProperty("403", out _);

    /// <summary>Operations whose answers have no end of their own.</summary>
    public bool IsEndless => Path.EndsWith("/stream", StringComparison.Ordinal) && Path.StartsWith("/threads/{thread_id}/stream", StringComparison.Ordinal)
        || (Path.EndsWith("/stream/events", StringComparison.Ordinal) && Method == HttpMethod.Post);

    /// <summary>Whether it only asks, though it may be posted.</summary>
    public bool IsQuestion => Method == HttpMethod.Get || Questions.Any(end => Path.EndsWith(end, StringComparison.Ordinal)) || IsEndless;

    /// <summary>It carries out a command or refuses it, and the answer is 200 in either case (wire-contract 6.10).</summary>
    public bool IsCommand => Path.EndsWith("/commands", StringComparison.Ordinal);

    /// <summary>It answers nothing but upgrades (wire-contract 6.6).</summary>
    public bool IsSocketOnly => Method == HttpMethod.Get && Path.EndsWith("/stream/events", StringComparison.Ordinal);

    /// <summary>Whether it finds things by what they are like.</summary>
    public bool IsSearch => new[] { "/search", "/count", "/namespaces" }.Any(end => Path.EndsWith(end, StringComparison.Ordinal));

    public string[] Tags => [.. Definition.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)];

    /// <summary>Whether its body is a list.</summary>
    public bool TakesList => BodySchema() is { } schema && IsList(schema);

    public string[] Parameters(string place) =>
        [.. Definition.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Where(parameter => parameter.Text("in") == place).Select(parameter => parameter.Text("name"))
            : []];

    /// <summary>The fields that its body may have; those apart that are there to be refused in words.</summary>
    public string[] Fields() => BodySchema() is { } schema && Item(schema).TryGetProperty("properties", out var properties)
        ? [.. properties.EnumerateObject().Where(field => !IsRefused(field.Value)).Select(field => field.Name)]
        : [];

    /// <summary>The request for somebody's data, with only some of the fields that the body could have.</summary>
    public HttpRequestMessage Request(OwnedData data, IEnumerable<string> fields)
    {
        var path = Parameters("path").Aggregate(Path, (text, name) => text.Replace($"{{{name}}}", Text(data.Value(name, inUrl: true)!), StringComparison.Ordinal));
        var query = Parameters("query").Select(name => (name, value: data.Value(name, inUrl: true))).Where(parameter => parameter.value is not null)
            .Select(parameter => $"{parameter.name}={Uri.EscapeDataString(Text(parameter.value!))}");
        var request = new HttpRequestMessage(Method, string.Join('?', new[] { path, string.Join('&', query) }.Where(part => part.Length > 0)));
        if (BodySchema() is { } schema)
        {
            object body = fields.Select(name => (name, value: data.Value(name))).Where(field => field.value is not null).ToDictionary(field => field.name, field => field.value);
            request.Content = new StringContent(JsonSerializer.Serialize(IsList(schema) ? new[] { body } : body), Encoding.UTF8, "application/json");
        }

        return request;
    }

    private JsonElement? BodySchema() => Definition.TryGetProperty("requestBody", out var body)
        ? Resolve(body.GetProperty("content").GetProperty("application/json").GetProperty("schema"))
        : null;

    private JsonElement Item(JsonElement schema) => IsList(schema) ? Resolve(schema.GetProperty("items")) : schema;

    private static bool IsList(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ToString() == "array";

    private JsonElement Resolve(JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? Document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
        : schema;

    private static bool IsRefused(JsonElement field) =>
        field.TryGetProperty("description", out var description) && description.GetString()!.Contains("not supported", StringComparison.Ordinal);

    private static string Text(object value) => value as string ?? JsonSerializer.Serialize(value);
}
