using System.Text.Json;
using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Reads the description of an HTTP tool.</summary>
internal static class HttpToolConfiguration
{
    private static readonly HttpMethod[] Methods = [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete];

    public static HttpEndpoint Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers("name", "description", "method", "url", "headers", "parameters", "timeoutSeconds");
        var name = described.Required("name");
        var url = Url(described.Required("url"));
        return new HttpEndpoint(
            ToolNames.IsValid(name.Text()) ? name.Text() : throw name.Error("a tool's name has 1 to 64 letters, digits, underscores and hyphens: choose such a one"),
            described.Required("description").Text(),
            described.Optional("method") is { } method ? Method(method) : HttpMethod.Get,
            url,
            HeaderConfiguration.Read(described.Optional("headers"), values),
            described.Optional("parameters") is { } parameters ? SchemaConfiguration.Read(parameters) : Parameters(url),
            TimeSpan.FromSeconds(described.Optional("timeoutSeconds")?.Whole(1, 3600) ?? 30));
    }

    private static HttpMethod Method(ConfigurationNode method) =>
        Array.Find(Methods, known => known.Method == method.Text())
        ?? throw method.Error($"this is no method for a tool: use one of {string.Join(", ", Methods.Select(known => known.Method))}");

    private static string Url(ConfigurationNode url)
    {
        // With something in the places of its arguments. A model must not choose the server: headers hold what is meant for this one.
        var filled = HttpTool.Placeholder().Replace(url.Text(), "x");
        var isUrl = Uri.TryCreate(filled, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            && uri is { UserInfo: "", Fragment: "" };
        return !isUrl ? throw url.Error("this must be an http or https URL, with {placeholders} for arguments: write it like \"https://example.com/items/{id}\"")
            : url.Text().StartsWith(uri!.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase) ? url.Text()
            : throw url.Error("only the path and the query may have placeholders: write the server out");
    }

    /// <summary>What a URL says of its arguments when nobody describes them.</summary>
    private static JsonElement Parameters(string url)
    {
        var names = HttpTool.Placeholder().Matches(url).Select(match => match.Groups["name"].Value).Distinct().ToList();
        return JsonSerializer.SerializeToElement(new
        {
            type = "object",
            properties = names.ToDictionary(name => name, _ => new { type = "string" }),
            required = names,
        });
    }
}
