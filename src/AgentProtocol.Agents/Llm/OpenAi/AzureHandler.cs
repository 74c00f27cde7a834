namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>Turns a request to OpenAI into one to Azure: the key has a header of its own, and the older API a version in its URL.</summary>
internal sealed class AzureHandler(string apiKey, string? apiVersion) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = null;
        request.Headers.Remove("api-key");
        request.Headers.Add("api-key", apiKey);
        if (apiVersion is not null)
        {
            request.RequestUri = new UriBuilder(request.RequestUri!) { Query = $"api-version={apiVersion}" }.Uri;
        }

        return base.SendAsync(request, cancellationToken);
    }
}
