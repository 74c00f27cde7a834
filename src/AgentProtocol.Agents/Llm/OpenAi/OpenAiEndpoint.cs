using AgentProtocol.Agents.Llm.Models;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>A model on a server that speaks OpenAI's chat completions.</summary>
/// <param name="BaseUrl">The URL that <c>/chat/completions</c> is appended to.</param>
/// <param name="Model">The model's name there.</param>
/// <param name="ApiKey">The key; null for a server that wants none.</param>
internal sealed record OpenAiEndpoint(Uri BaseUrl, string Model, string? ApiKey)
{
    /// <summary>OpenAI itself.</summary>
    public static readonly Uri OpenAi = new("https://api.openai.com/v1");

    /// <summary>Whether it wants the key in Azure's header.</summary>
    public bool IsAzure { get; private init; }

    /// <summary>The version of Azure's older API; null otherwise.</summary>
    public string? ApiVersion { get; private init; }

    /// <summary>
    /// Whether the limit of the answer is called <c>max_completion_tokens</c>: OpenAI's newer models refuse the older
    /// <c>max_tokens</c>, and many other servers know nothing else.
    /// </summary>
    public bool SaysMaxCompletionTokens => IsAzure || BaseUrl.Host == OpenAi.Host;

    /// <summary>The server, as it appears in messages.</summary>
    public ModelServer Server => new(BaseUrl, ApiKey);

    /// <summary>A deployment on Azure OpenAI.</summary>
    /// <param name="resource">The resource, with or without <c>/openai/v1</c>.</param>
    /// <param name="deployment">The deployment's name.</param>
    /// <param name="apiKey">The key.</param>
    /// <param name="apiVersion">The version of the older API, which has a URL for each deployment; null for the current one, which has none.</param>
    public static OpenAiEndpoint Azure(Uri resource, string deployment, string apiKey, string? apiVersion)
    {
        var root = resource.AbsoluteUri.TrimEnd('/');
        root = root.EndsWith("/openai/v1", StringComparison.Ordinal) ? root[..^"/openai/v1".Length] : root;
        var path = apiVersion is null ? "openai/v1" : $"openai/deployments/{Uri.EscapeDataString(deployment)}";
        return new OpenAiEndpoint(new Uri($"{root}/{path}"), deployment, apiKey) { IsAzure = true, ApiVersion = apiVersion };
    }

    /// <summary>Not the members: the key must not reach a log by way of an interpolated record.</summary>
    public override string ToString() => $"{Model} at {BaseUrl.Authority}";
}
