using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>An answer that has begun to arrive. What a server refuses to read it refuses before that.</summary>
internal sealed class ModelCall : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatResponseUpdate> parts;
    private readonly bool hasFirst;

    private ModelCall(IAsyncEnumerator<ChatResponseUpdate> parts, bool hasFirst) => (this.parts, this.hasFirst) = (parts, hasFirst);

    /// <summary>Asks, and waits for the first part.</summary>
    /// <exception cref="ContextOverflowException">The messages are too long for the model.</exception>
    public static async Task<ModelCall> BeginAsync(
        IChatClient client, IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var parts = client.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            return new ModelCall(parts, await parts.MoveNextAsync());
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    /// <summary>All parts, the first included.</summary>
    public async IAsyncEnumerable<ChatResponseUpdate> ReadAsync()
    {
        for (var more = hasFirst; more; more = await parts.MoveNextAsync())
        {
            yield return parts.Current;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => parts.DisposeAsync();
}
