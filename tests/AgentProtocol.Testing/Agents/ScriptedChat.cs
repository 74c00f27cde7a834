using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Testing.Agents;

/// <summary>A model that answers as it was told, one answer per call, and keeps what it was asked.</summary>
public sealed class ScriptedChat : IChatClient
{
    private readonly ConcurrentQueue<Func<Task<IEnumerable<ChatResponseUpdate>>>> script = new();
    private readonly ConcurrentQueue<ChatCall> calls = new();

    /// <summary>What it was asked, oldest first.</summary>
    public IReadOnlyList<ChatCall> Calls => [.. calls];

    /// <summary>The next answer is this text.</summary>
    public ScriptedChat Says(params string[] pieces) => Answers([.. pieces.Select(piece => (AIContent)new TextContent(piece))]);

    /// <summary>The next answer is a call of a tool; the arguments are a JSON object.</summary>
    public ScriptedChat CallsTool(string id, string name, string arguments) => Answers(Call(id, name, arguments));

    /// <summary>The next answer has these contents.</summary>
    public ScriptedChat Answers(params AIContent[] contents) => Does(() => Task.FromResult(Updates(contents)));

    /// <summary>The next call fails.</summary>
    public ScriptedChat Fails(Exception exception) => Does(() => Task.FromException<IEnumerable<ChatResponseUpdate>>(exception));

    /// <summary>The next answer is this text, given after something else has happened.</summary>
    public ScriptedChat SaysAfter(Func<Task> happened, string text, params AIContent[] more) => Does(async () =>
    {
        await happened();
        return Updates([new TextContent(text), .. more]);
    });

    /// <summary>A call of a tool as a part of an answer.</summary>
    public static FunctionCallContent Call(string id, string name, string arguments) => new(
        id, name, JsonElement.Parse(arguments).EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value));

    /// <inheritdoc />
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        calls.Enqueue(new ChatCall([.. messages], options));
        if (!script.TryDequeue(out var answer))
        {
            throw new InvalidOperationException("The script has no further answer.");
        }

        foreach (var update in await answer().WaitAsync(cancellationToken))
        {
            yield return update;
        }
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private static IEnumerable<ChatResponseUpdate> Updates(params AIContent[] contents) =>
    [
        .. contents.Select(content => new ChatResponseUpdate(ChatRole.Assistant, [content]) { ModelId = "scripted" }),
        new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5 })])
        {
            FinishReason = contents.Any(content => content is FunctionCallContent) ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
        },
    ];

    private ScriptedChat Does(Func<Task<IEnumerable<ChatResponseUpdate>>> answer)
    {
        script.Enqueue(answer);
        return this;
    }
}

/// <summary>What a model was asked.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Options">Tools and settings.</param>
public sealed record ChatCall(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)
{
    /// <summary>The messages, one line each.</summary>
    public string[] Lines => [.. Messages.Select(message => $"{message.Role}: {string.Join(' ', message.Contents.Select(Line).Where(line => line.Length > 0))}")];

    private static string Line(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => $"{call.CallId}={call.Name}({JsonSerializer.Serialize(call.Arguments)})",
        FunctionResultContent result => $"{result.CallId}={result.Result}",
        _ => content.GetType().Name,
    };
}
