using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>
/// A chat model behind OpenAI's chat completions, as also offered by Ollama, vLLM, llama.cpp, OpenRouter and others.
/// Every failure is an <see cref="AgentException"/>. <see cref="ChatOptions"/> are not read: the agents file has none.
/// </summary>
internal sealed class OpenAiChatClient : IChatClient
{
    // How long the server may be silent: a reasoning model, or a local one with a long prompt, thinks for minutes before
    // its first word. It bounds the wait for each read and not the answer, which may stream for as long as the run may take.
    private static readonly TimeSpan DefaultSilence = TimeSpan.FromMinutes(15);

    private readonly OpenAiEndpoint endpoint;
    private readonly HttpClient http;
    private readonly HttpClientPipelineTransport transport;
    private readonly ChatClient chat;

    public OpenAiChatClient(OpenAiEndpoint endpoint, TimeSpan? longestSilence = null)
    {
        this.endpoint = endpoint;
        http = new HttpClient(new SocketsHttpHandler
        {
            // Otherwise an address that swallows packets would take the whole silence to be noticed.
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        transport = new HttpClientPipelineTransport(http);
        chat = new ChatClient(endpoint.Model, new ApiKeyCredential(endpoint.ApiKey ?? "none"), new OpenAIClientOptions
        {
            Endpoint = endpoint.BaseUrl,
            Transport = transport,
            NetworkTimeout = longestSilence ?? DefaultSilence,

            // Retries belong to the run, which counts, delays and shows them.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        });
    }

    /// <inheritdoc />
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var updates = chat
            .CompleteChatStreamingAsync(messages.Select(OpenAiMessages.From), options: null, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(updates, cancellationToken))
        {
            if (OpenAiErrors.InStream(updates.Current, endpoint) is { } error)
            {
                throw error;
            }

            yield return OpenAiMessages.ToUpdate(updates.Current);
        }
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc />
    public void Dispose()
    {
        transport.Dispose();
        http.Dispose();
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<StreamingChatCompletionUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (Exception exception)
        {
            // An aborted read may also surface as a broken connection.
            cancellationToken.ThrowIfCancellationRequested();
            throw OpenAiErrors.Translate(exception, endpoint);
        }
    }
}
