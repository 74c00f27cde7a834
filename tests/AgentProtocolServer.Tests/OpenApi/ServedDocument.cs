using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;

namespace AgentProtocolServer.Tests.OpenApi;

/// <summary>The OpenAPI document that a server serves, read for tests that walk all of its operations.</summary>
internal sealed class ServedDocument
{
    private readonly JsonElement schemas;

    private ServedDocument(JsonElement document)
    {
        schemas = document.GetProperty("components").GetProperty("schemas");
        Operations =
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new ServedOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
        ];
    }

    public IReadOnlyList<ServedOperation> Operations { get; }

    public static async Task<ServedDocument> ReadAsync(HttpClient client) => new(await client.GetJsonAsync("/openapi.json"));

    /// <summary>The schema itself where another one is named.</summary>
    public JsonElement Resolve(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var name) ? Resolve(schemas.GetProperty(name.GetString()!.Split('/')[^1])) : schema;
}

/// <summary>One method of one path.</summary>
internal sealed record ServedOperation(string Method, string Path, JsonElement Description)
{
    /// <summary>As in <c>GET /threads/{thread_id}</c>.</summary>
    public string Route => $"{Method} {Path}";

    /// <summary>Under which the document groups it.</summary>
    public string Tag => Description.GetProperty("tags")[0].GetString()!;

    public IEnumerable<JsonElement> Parameters =>
        Description.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    /// <summary>The schema of its JSON body, if it takes one.</summary>
    public JsonElement? Body =>
        Description.TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty("application/json", out var json)
            ? json.GetProperty("schema")
            : null;
}
