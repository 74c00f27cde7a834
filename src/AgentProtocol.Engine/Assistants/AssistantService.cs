using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using AgentProtocol.Engine.Threads;

namespace AgentProtocol.Engine.Assistants;

/// <summary>
/// Assistants, as callers see them: those of the server, and those that owners have created. Every id is a UUID or a
/// graph id; the latter stands for the assistant that the server brings along for that agent.
/// </summary>
public sealed class AssistantService
{
    private readonly SystemAssistants system;
    private readonly AssistantStore store;
    private readonly AssistantLists lists;
    private readonly ThreadService threads;

    internal AssistantService(SystemAssistants system, AssistantStore store, AssistantLists lists, ThreadService threads) =>
        (this.system, this.store, this.lists, this.threads) = (system, store, lists, threads);

    /// <summary>Creates an assistant, or returns the existing one with <c>if_exists=do_nothing</c>.</summary>
    /// <exception cref="ProtocolException">The agent is unknown, the id exists already or is none, or the metadata cannot be searched.</exception>
    public async Task<Assistant> CreateAsync(string owner, AssistantCreate request, CancellationToken cancellationToken)
    {
        var assistantId = request.AssistantId is not { } id ? Guid.CreateVersion7()
            : system.IdOf(id) ?? throw ProtocolException.InvalidField("assistant_id", "must be a UUID");
        var content = new AssistantContent(
            FindGraph(request.GraphId ?? "").Id, request.Name ?? "Untitled", request.Description, TextOf(request.Config),
            TextOf(request.Context), TextOf(request.Metadata), JsonFilter.Copy(request.Metadata, "metadata"));
        if (system.Find(assistantId) is null && await store.CreateAsync(owner, assistantId, content, cancellationToken) is { } created)
        {
            return created.ToWire();
        }

        return request.IfExists == "do_nothing" && await FindAsync(owner, assistantId, cancellationToken) is { } existing
            ? existing.ToWire()
            : throw ProtocolException.Conflict($"Assistant {assistantId} already exists");
    }

    /// <summary>Reads an assistant.</summary>
    /// <exception cref="ProtocolException">There is no such assistant.</exception>
    public async Task<Assistant> GetAsync(string owner, string id, CancellationToken cancellationToken) =>
        (await FindAsync(owner, id, cancellationToken)).ToWire();

    /// <summary>Finds assistants. Members that are not selected are left out by the edge.</summary>
    public async Task<AssistantPage> SearchAsync(string owner, AssistantSearchRequest request, CancellationToken cancellationToken)
    {
        var (rows, total) = await lists.SearchAsync(owner, system.All, request, cancellationToken);
        return new AssistantPage([.. rows.Select(AssistantMapping.ToWire)], total);
    }

    /// <summary>Counts assistants.</summary>
    public Task<long> CountAsync(string owner, AssistantSearchRequest request, CancellationToken cancellationToken) =>
        lists.CountAsync(owner, system.All, request, cancellationToken);

    /// <summary>
    /// Makes a new version, whatever the patch holds. One of the server's assistants changes for this owner alone.
    /// </summary>
    /// <exception cref="ProtocolException">The assistant or the agent is unknown, or the metadata cannot be searched.</exception>
    public async Task<Assistant> PatchAsync(string owner, string id, AssistantPatch patch, CancellationToken cancellationToken)
    {
        var graphId = patch.GraphId is { } graph ? FindGraph(graph).Id : null;
        JsonFilter.Copy(patch.Metadata, "metadata");
        var assistantId = IdOf(id);
        var changed = await store.ChangeAsync(
            owner, assistantId, system.Find(assistantId), current => Apply(current, patch, graphId), cancellationToken);
        return changed?.ToWire() ?? throw ProtocolException.AssistantNotFound(id);
    }

    /// <summary>Deletes an assistant with its versions and, if asked to, the threads that name it in their metadata.</summary>
    /// <exception cref="ProtocolException">There is no such assistant, or it is one of the server's.</exception>
    public async Task DeleteAsync(string owner, string id, bool deleteThreads, CancellationToken cancellationToken)
    {
        var row = await FindAsync(owner, id, cancellationToken);
        if (system.Find(row.AssistantId) is not null)
        {
            throw ProtocolException.Conflict($"Assistant {row.AssistantId} belongs to the server: it is there for as long as its agent");
        }

        // First, so that a request which is repeated after a failure still finds the assistant.
        if (deleteThreads)
        {
            await threads.DeleteMatchingAsync(owner, JsonText.Parse($$"""{"assistant_id":"{{row.AssistantId}}"}"""), cancellationToken);
        }

        await store.DeleteAsync(owner, row.AssistantId, cancellationToken);
    }

    /// <summary>The versions of an assistant, newest first.</summary>
    /// <exception cref="ProtocolException">There is no such assistant.</exception>
    public async Task<IReadOnlyList<AssistantVersion>> ListVersionsAsync(
        string owner, string id, AssistantVersionsRequest request, CancellationToken cancellationToken)
    {
        var assistantId = IdOf(id);
        if (await store.ReadAsync(owner, assistantId, cancellationToken) is not null)
        {
            var rows = await lists.ListVersionsAsync(owner, assistantId, request, cancellationToken);
            return [.. rows.Select(AssistantMapping.ToWire)];
        }

        var original = system.Find(assistantId) ?? throw ProtocolException.AssistantNotFound(id);
        var matches = request.Metadata is not { } wanted || JsonText.Contains(original.Filter!.Value, wanted);
        return matches && request.Offset is null or 0 ? [original.ToOnlyVersion()] : [];
    }

    /// <summary>Puts a version in force. The next version still gets a number that was never used.</summary>
    /// <exception cref="ProtocolException">There is no such assistant or version.</exception>
    public async Task<Assistant> SetLatestAsync(string owner, string id, int version, CancellationToken cancellationToken)
    {
        var row = await FindAsync(owner, id, cancellationToken);
        if (row.Owner.Length == 0 && version == row.Version)
        {
            return row.ToWire();
        }

        var changed = await store.ReturnToAsync(owner, row.AssistantId, version, cancellationToken);
        return changed?.ToWire()
            ?? throw new ProtocolException(ErrorCode.NotFound, $"Assistant {row.AssistantId} has no version {version}");
    }

    /// <summary>The nodes of its agent.</summary>
    /// <exception cref="ProtocolException">There is no such assistant, or its agent is not registered.</exception>
    public async Task<AssistantGraph> GetGraphAsync(string owner, string id, CancellationToken cancellationToken) =>
        FindGraph((await FindAsync(owner, id, cancellationToken)).GraphId).ToGraph();

    /// <summary>What its agent takes, keeps and answers.</summary>
    /// <exception cref="ProtocolException">There is no such assistant, or its agent is not registered.</exception>
    public async Task<AssistantSchemas> GetSchemasAsync(string owner, string id, CancellationToken cancellationToken) =>
        FindGraph((await FindAsync(owner, id, cancellationToken)).GraphId).ToSchemas();

    /// <summary>Reads an assistant as an agent of the Agent Protocol.</summary>
    /// <exception cref="ProtocolException">There is no such assistant.</exception>
    public async Task<Agent> GetAgentAsync(string owner, string id, CancellationToken cancellationToken) =>
        (await FindAsync(owner, id, cancellationToken)).ToAgent(system.Agents);

    /// <summary>Reads the schemas of an assistant as those of an agent of the Agent Protocol.</summary>
    /// <exception cref="ProtocolException">There is no such assistant.</exception>
    public async Task<AgentSchema> GetAgentSchemasAsync(string owner, string id, CancellationToken cancellationToken) =>
        (await FindAsync(owner, id, cancellationToken)).ToAgentSchema(system.Agents);

    /// <summary>Finds assistants as agents of the Agent Protocol.</summary>
    public async Task<AgentPage> SearchAgentsAsync(string owner, AgentSearchRequest request, CancellationToken cancellationToken)
    {
        var search = new AssistantSearchRequest
        {
            Name = request.Name,
            Metadata = request.Metadata,
            Limit = request.Limit,
            Offset = request.Offset,
        };
        var (rows, total) = await lists.SearchAsync(owner, system.All, search, cancellationToken);
        return new AgentPage([.. rows.Select(row => row.ToAgent(system.Agents))], total);
    }

    private static AssistantContent Apply(AssistantRow current, AssistantPatch patch, string? graphId)
    {
        var metadata = JsonText.Merge(JsonText.Parse(current.Metadata), patch.Metadata ?? default);
        return new AssistantContent(
            graphId ?? current.GraphId, patch.Name ?? current.Name, patch.Description ?? current.Description,
            TextOf(patch.Config, current.Config), TextOf(patch.Context, current.Context), metadata,
            JsonFilter.Copy(JsonText.Parse(metadata), "metadata"));
    }

    private static string TextOf(JsonElement? value, string otherwise = "{}") =>
        value is { ValueKind: JsonValueKind.Object } element ? element.GetRawText() : otherwise;

    private AgentDefinition FindGraph(string id) =>
        system.Agents.Find(id) ?? throw new ProtocolException(ErrorCode.NotFound, $"Graph \"{id}\" not found");

    private Guid IdOf(string id) => system.IdOf(id) ?? throw ProtocolException.AssistantNotFound(id);

    private async Task<AssistantRow> FindAsync(string owner, string id, CancellationToken cancellationToken) =>
        await FindAsync(owner, IdOf(id), cancellationToken) ?? throw ProtocolException.AssistantNotFound(id);

    private async Task<AssistantRow?> FindAsync(string owner, Guid assistantId, CancellationToken cancellationToken) =>
        await store.ReadAsync(owner, assistantId, cancellationToken) ?? system.Find(assistantId);
}

/// <summary>A page of assistants.</summary>
/// <param name="Items">The assistants of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record AssistantPage(IReadOnlyList<Assistant> Items, long Total);

/// <summary>A page of agents.</summary>
/// <param name="Items">The agents of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record AgentPage(IReadOnlyList<Agent> Items, long Total);
