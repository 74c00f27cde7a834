using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>
/// A chat model behind OpenAI's chat completions, as also offered by Azure, Ollama, vLLM, llama.cpp, OpenRouter and others.
/// Every failure is an <see cref="AgentException"/>.
/// </summary>
internal sealed class OpenAiChatClient : IChatClient
{
    private readonly OpenAiEndpoint endpoint;
    private readonly HttpClient http;
    private readonly HttpClientPipelineTransport transport;
    private readonly ChatClient chat;

    public OpenAiChatClient(OpenAiEndpoint endpoint, TimeSpan? longestSilence = null)
    {
        this.endpoint = endpoint;
        http = ModelHttp.Create(endpoint.IsAzure ? new AzureHandler(endpoint.ApiKey!, endpoint.ApiVersion) : null);
        transport = new HttpClientPipelineTransport(http);
        chat = new ChatClient(endpoint.Model, new ApiKeyCredential(endpoint.ApiKey ?? "none"), new OpenAIClientOptions
        {
            Endpoint = endpoint.BaseUrl,
            Transport = transport,
            NetworkTimeout = longestSilence ?? ModelHttp.DefaultSilence,

            // Retries belong to RetryingChatClient, which logs them and has a clock to be tested with.
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
        var history = OpenAiMessages.From(options?.Instructions, messages);
        await using var updates = chat
            .CompleteChatStreamingAsync(history, OpenAiOptions.From(options, endpoint), cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        OpenAiToolCalls calls = new();
        ChatResponseUpdate? ended = null;
        while (await MoveNextAsync(updates, cancellationToken))
        {
            if (Error(updates.Current) is { } error)
            {
                throw ModelErrors.InStream(error, endpoint.Server);
            }

            calls.Add(updates.Current.ToolCallUpdates);
            var update = OpenAiMessages.ToUpdate(updates.Current);
            ended = update.FinishReason is null ? ended : update;
            yield return update;
        }

        // Without an end the answer broke off, and its calls with it. Whether one with an end was cut short the agent sees by its finish reason.
        if (ended is not null && calls.ToContents() is { Count: > 0 } contents)
        {
            yield return new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                ResponseId = ended.ResponseId,
                ModelId = ended.ModelId,
                Contents = contents,
            };
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
            throw ModelErrors.Translate(exception, endpoint.Server);
        }
    }

    /// <summary>
    /// The error that servers send in the place of a chunk when they fail after the status; null for an ordinary chunk.
    /// The package does not know it and would pass it over.
    /// </summary>
    private static JsonElement? Error(StreamingChatCompletionUpdate chunk)
    {
#pragma warning disable SCME0001 // Experimental, but the only way to members that the package has no name for.
        var isThere = chunk.Patch.TryGetJson("$.error"u8, out var json);
#pragma warning restore SCME0001
        return isThere && JsonElement.Parse(json.Span) is { ValueKind: not JsonValueKind.Null } error ? error : null;
    }
}
