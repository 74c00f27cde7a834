using System.Collections.Concurrent;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Assistants;

/// <summary>What a run takes from its assistant.</summary>
/// <param name="Agent">The agent's id.</param>
/// <param name="AssistantId">The assistant's id.</param>
/// <param name="AssumesUnedited">Whether it was taken, without a look, for one of the server's that the owner has never edited.</param>
/// <param name="Settings">Its configuration and context; null when it has none.</param>
/// <param name="Metadata">Its metadata; null when it is empty.</param>
internal sealed record RunAssistant(string Agent, Guid AssistantId, bool AssumesUnedited, string? Settings, string? Metadata);

/// <summary>
/// Finds the assistant of a run. For one of the server's it looks at no row: most owners never edit them, and the
/// statement that stores the run finds out for certain. So an edit counts for every run that is created after it was
/// answered, on every node.
/// </summary>
internal sealed class AssistantResolver(SystemAssistants system, AssistantStore store)
{
    private const int MostRemembered = 10_000;

    /// <summary>Who is known to have edited what. Only a hint where to look first, so it may be wrong or forgotten.</summary>
    private readonly ConcurrentDictionary<(string Owner, Guid AssistantId), bool> edited = new();

    /// <summary>The assistant that a request names, by UUID or graph id, or the default one.</summary>
    /// <exception cref="ProtocolException">The owner has none of that id, or its agent is not there.</exception>
    public async ValueTask<RunAssistant> ResolveAsync(string owner, string? id, CancellationToken cancellationToken)
    {
        var assistantId = id is not null
            ? system.IdOf(id) ?? throw ProtocolException.AssistantNotFound(id)
            : system.Agents.Default?.AssistantId
              ?? throw ProtocolException.InvalidField("assistant_id", "is required, because no default agent is configured", "missing");
        return system.Agents.Find(assistantId) is { } agent && !edited.ContainsKey((owner, assistantId))
            ? new RunAssistant(agent.Id, assistantId, AssumesUnedited: true, null, SystemAssistants.RunMetadataOf(agent))
            : await ReadAsync(owner, assistantId, id ?? assistantId.ToString(), cancellationToken);
    }

    /// <summary>The same assistant once it has turned out that its owner has edited it.</summary>
    /// <exception cref="ProtocolException">The agent it was edited to use is not there.</exception>
    public Task<RunAssistant> ResolveEditedAsync(string owner, RunAssistant assumed, CancellationToken cancellationToken)
    {
        if (edited.Count >= MostRemembered)
        {
            edited.Clear();
        }

        edited[(owner, assumed.AssistantId)] = true;
        return ReadAsync(owner, assumed.AssistantId, assumed.Agent, cancellationToken);
    }

    private async Task<RunAssistant> ReadAsync(string owner, Guid assistantId, string id, CancellationToken cancellationToken)
    {
        var original = system.Find(assistantId);
        var row = await store.ReadAsync(owner, assistantId, cancellationToken) ?? original ?? throw ProtocolException.AssistantNotFound(id);
        if (system.Agents.Find(row.GraphId) is not { } agent)
        {
            throw new ProtocolException(
                ErrorCode.NotFound, $"{ProtocolException.AssistantNotFound(id).Message} that could run: its agent \"{row.GraphId}\" is not registered here");
        }

        return new RunAssistant(
            agent.Id, assistantId, AssumesUnedited: false, RunSettings.OfAssistant(row.Config, row.Context), MetadataOf(row, original is not null));
    }

    private static string? MetadataOf(AssistantRow row, bool isSystem)
    {
        if (row.Filter is null)
        {
            return null;
        }

        return isSystem ? SystemAssistants.RunMetadata(JsonText.Parse(row.Metadata)) : row.Metadata;
    }
}
