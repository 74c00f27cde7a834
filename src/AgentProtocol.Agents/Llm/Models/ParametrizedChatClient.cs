using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>A model that answers with the parameters of the agents file, wherever its caller wants nothing else.</summary>
internal sealed class ParametrizedChatClient(IChatClient model, ModelParameters parameters) : DelegatingChatClient(model)
{
    /// <inheritdoc />
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        base.GetResponseAsync(messages, parameters.Under(options), cancellationToken);

    /// <inheritdoc />
    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        base.GetStreamingResponseAsync(messages, parameters.Under(options), cancellationToken);
}
