namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>A model on a server that speaks OpenAI's chat completions.</summary>
/// <param name="BaseUrl">The URL that <c>/chat/completions</c> is appended to.</param>
/// <param name="Model">The model's name there.</param>
/// <param name="ApiKey">The key; null for a server that wants none.</param>
internal sealed record OpenAiEndpoint(Uri BaseUrl, string Model, string? ApiKey)
{
    /// <summary>OpenAI itself.</summary>
    public static readonly Uri OpenAi = new("https://api.openai.com/v1");

    /// <summary>Not the members: the key must not reach a log by way of an interpolated record.</summary>
    public override string ToString() => $"{Model} at {BaseUrl.Authority}";
}
