using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>A chat model behind Anthropic's messages. Every failure is an <see cref="AgentException"/>.</summary>
internal sealed class AnthropicChatClient : IChatClient
{
    /// <summary>Anthropic itself.</summary>
    public static readonly Uri Anthropic = new("https://api.anthropic.com");

    /// <summary>The API wants a limit, and this one every model in use accepts.</summary>
    private const int DefaultMaxOutputTokens = 8192;

    private readonly ModelServer server;
    private readonly TimeSpan longestSilence;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly AnthropicClient client;
    private readonly IChatClient chat;

    public AnthropicChatClient(Uri baseUrl, string model, string apiKey, TimeSpan longestSilence, TimeProvider time)
    {
        server = new ModelServer(baseUrl, apiKey);
        this.longestSilence = longestSilence;
        this.time = time;
        http = ModelHttp.Create();
        client = new AnthropicClient
        {
            ApiKey = apiKey,
            BaseUrl = baseUrl.AbsoluteUri.TrimEnd('/'),
            HttpClient = http,

            // Retries belong to RetryingChatClient, which logs them and has a clock to be tested with.
            MaxRetries = 0,

            // It would bound the whole answer, which may stream for as long as the run may take.
            Timeout = TimeSpan.FromDays(1),
        };
        chat = client.AsIChatClient(model, DefaultMaxOutputTokens);
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
        using CancellationTokenSource silence = new(longestSilence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        await using var updates = chat.GetStreamingResponseAsync(WithResultsTogether(messages), options, either.Token).GetAsyncEnumerator(either.Token);
        StringBuilder arguments = new();
        var isMessage = false;
        while (await MoveNextAsync(updates, silence, cancellationToken))
        {
            var update = updates.Current;
            isMessage |= update.ResponseId is not null;
            KeepArguments(update, arguments);
            yield return update;
        }

        if (!isMessage)
        {
            // The package passes over whatever it does not know, and would give an empty answer for any web page.
            throw ModelErrors.NoAnswer("there is no message in it", server);
        }
    }

    /// <inheritdoc />
    public object? GetService(System.Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc />
    public void Dispose()
    {
        chat.Dispose();
        client.Dispose();
        http.Dispose();
    }

    private async ValueTask<bool> MoveNextAsync(
        IAsyncEnumerator<ChatResponseUpdate> updates, CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        try
        {
            silence.CancelAfter(longestSilence);
            var isThere = await updates.MoveNextAsync();

            // It is the server's silence that counts, not that of a reader who takes his time.
            silence.CancelAfter(Timeout.InfiniteTimeSpan);
            return isThere;
        }
        catch (AnthropicSseException exception)
        {
            throw ModelErrors.InStream(Error(exception), server);
        }
        catch (Exception exception)
        {
            // An aborted read may also surface as a broken connection.
            cancellationToken.ThrowIfCancellationRequested();
            throw ModelErrors.Translate(exception, server);
        }
    }

    /// <summary>The API asks for all results of an answer in one message: a model that sees them apart stops making several calls at once.</summary>
    private static IEnumerable<ChatMessage> WithResultsTogether(IEnumerable<ChatMessage> messages)
    {
        List<AIContent> results = [];
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.Tool)
            {
                results.AddRange(message.Contents);
                continue;
            }

            if (results.Count > 0)
            {
                yield return new ChatMessage(ChatRole.Tool, results);
                results = [];
            }

            yield return message;
        }

        if (results.Count > 0)
        {
            yield return new ChatMessage(ChatRole.Tool, results);
        }
    }

    private static JsonElement Error(AnthropicSseException exception) =>
        exception.Body.ValueKind == JsonValueKind.Object && exception.Body.TryGetProperty("error", out var error)
            ? error
            : JsonSerializer.SerializeToElement(exception.Message);

    /// <summary>The package throws away arguments that it cannot read; the agent wants to show them to the model.</summary>
    private static void KeepArguments(ChatResponseUpdate update, StringBuilder arguments)
    {
        if (update.RawRepresentation is RawMessageStreamEvent part)
        {
            if (part.TryPickContentBlockStart(out _))
            {
                arguments.Clear();
            }
            else if (part.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickInputJson(out var json))
            {
                arguments.Append(json.PartialJson);
            }
        }

        for (var i = 0; i < update.Contents.Count; i++)
        {
            if (update.Contents[i] is FunctionCallContent { Exception: not null } call)
            {
                update.Contents[i] = WrittenArguments.Read(call.CallId, call.Name, arguments.ToString());
            }
        }
    }
}
