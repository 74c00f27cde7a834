using System.Text.Json;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentProtocol.Engine.Threads;

/// <summary>Lists of threads.</summary>
internal sealed class ThreadSearch(ProtocolDatabase database, ThreadReader reader)
{
    private const int DefaultLimit = 10;

    public async Task<ThreadPage> SearchAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken)
    {
        var extract = ThreadExtract.Parse(request.Extract);
        await using var context = database.CreateContext();
        var query = Filter(context, owner, request);
        var found = await Sort(query, request).Skip(request.Offset ?? 0).Take(request.Limit ?? DefaultLimit).ToListAsync(cancellationToken);
        var states = await ReadStatesAsync(found, request.Select, extract, cancellationToken);
        var partials = await ReadPartialsAsync(found, states, cancellationToken);
        List<Guid> paused = [.. found.Where(thread => thread.Head.Status == "interrupted").Select(thread => thread.Head.ThreadId)];
        var pauses = paused.Count == 0 ? [] : await reader.ReadPausesAsync(paused, cancellationToken);
        var threads = found.Select(thread => ToWire(
            thread, ShownState(thread, states, partials), pauses.GetValueOrDefault(thread.Thread.ThreadId), extract)).ToList();
        return new ThreadPage(threads, await query.LongCountAsync(cancellationToken));
    }

    public async Task<long> CountAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        return await Filter(context, owner, request).LongCountAsync(cancellationToken);
    }

    private static Thread ToWire(Found found, StateValues state, PauseText? pause, ThreadExtract? extract)
    {
        var thread = new ThreadView(found.Thread, found.Head, state, pause).ToWire(includeTtl: false);
        return extract is null ? thread : thread with { Extracted = extract.Read(thread, state) };
    }

    private static IQueryable<Found> Filter(ProtocolDbContext context, string owner, ThreadSearchRequest request)
    {
        var query =
            from thread in context.Threads
            where thread.Owner == owner && !thread.Temporary
            join head in context.ThreadHeads on thread.ThreadId equals head.ThreadId
            select new Found { Thread = thread, Head = head };
        if (request.Ids is { } ids)
        {
            query = query.Where(found => ids.Contains(found.Thread.ThreadId));
        }

        if (request.Status is { } status)
        {
            var text = status.ToString().ToLowerInvariant();
            query = query.Where(found => found.Head.Status == text);
        }

        if (JsonFilter.Copy(request.Values, "values") is { } values)
        {
            query = query.Where(found => found.Head.ValueFilter != null && EF.Functions.JsonContains(found.Head.ValueFilter, values));
        }

        return FilterMetadata(query, request.Metadata);
    }

    /// <summary>
    /// The agent of the latest run is shown in the metadata, but kept in the head: it is looked for there, unless the
    /// caller has stored a member of that name.
    /// </summary>
    private static IQueryable<Found> FilterMetadata(IQueryable<Found> query, JsonElement? metadata)
    {
        if (JsonFilter.Copy(metadata, "metadata") is null)
        {
            return query;
        }

        foreach (var member in metadata!.Value.EnumerateObject())
        {
            var contained = WriteObject(member);
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
            var assistantId = Guid.TryParse(text, out var id) ? id : Guid.Empty;
            query = member.Name switch
            {
                "graph_id" => query.Where(found =>
                    (found.Thread.Filter != null && EF.Functions.JsonContains(found.Thread.Filter, contained))
                    || ((found.Thread.Filter == null || !EF.Functions.JsonExists(found.Thread.Filter, "graph_id")) && found.Head.Agent == text)),
                "assistant_id" => query.Where(found =>
                    (found.Thread.Filter != null && EF.Functions.JsonContains(found.Thread.Filter, contained))
                    || ((found.Thread.Filter == null || !EF.Functions.JsonExists(found.Thread.Filter, "assistant_id")) && found.Head.AssistantId == assistantId)),
                _ => query.Where(found => found.Thread.Filter != null && EF.Functions.JsonContains(found.Thread.Filter, contained)),
            };
        }

        return query;
    }

    private static string WriteObject(JsonProperty member) => $"{{{JsonText.Quote(member.Name)}:{member.Value.GetRawText()}}}";

    /// <summary>Ties are broken by the order of creation, never by an id.</summary>
    private static IQueryable<Found> Sort(IQueryable<Found> query, ThreadSearchRequest request)
    {
        var ascending = request.SortOrder == "asc";
        var sorted = (request.SortBy ?? "created_at", ascending) switch
        {
            ("thread_id", true) => query.OrderBy(found => found.Thread.ThreadId),
            ("thread_id", false) => query.OrderByDescending(found => found.Thread.ThreadId),
            ("status", true) => query.OrderBy(found => found.Head.Status),
            ("status", false) => query.OrderByDescending(found => found.Head.Status),
            ("updated_at", true) => query.OrderBy(found => found.Head.UpdatedAt),
            ("updated_at", false) => query.OrderByDescending(found => found.Head.UpdatedAt),
            // A state that was never written is older than any.
            ("state_updated_at", true) => query.OrderBy(found => found.Head.StateUpdatedAt != null).ThenBy(found => found.Head.StateUpdatedAt),
            ("state_updated_at", false) => query.OrderBy(found => found.Head.StateUpdatedAt == null).ThenByDescending(found => found.Head.StateUpdatedAt),
            (_, true) => query.OrderBy(found => found.Thread.CreatedAt),
            (_, false) => query.OrderByDescending(found => found.Thread.CreatedAt),
        };
        return ascending ? sorted.ThenBy(found => found.Thread.Seq) : sorted.ThenByDescending(found => found.Thread.Seq);
    }

    private async Task<Dictionary<Guid, StateValues>> ReadStatesAsync(
        List<Found> found, IReadOnlyList<string>? select, ThreadExtract? extract, CancellationToken cancellationToken)
    {
        // A caller that did not select the state does not make us fold it.
        if (select is { Count: > 0 } && !select.Contains("values") && !select.Contains("messages") && extract is not { NeedsState: true })
        {
            return [];
        }

        var threadIds = found.Where(thread => thread.Head.HeadN > 0).Select(thread => thread.Head.ThreadId).ToList();
        if (threadIds.Count == 0)
        {
            return [];
        }

        await using NpgsqlConnection connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await CheckpointReader.ReadHeadsAsync(connection, threadIds, cancellationToken);
    }

    /// <summary>Only where states are shown at all, and a run may be adding to one of them.</summary>
    private async Task<Dictionary<Guid, StateMessage>> ReadPartialsAsync(
        List<Found> found, Dictionary<Guid, StateValues> states, CancellationToken cancellationToken)
    {
        List<Guid> active = [.. found.Where(thread => states.ContainsKey(thread.Thread.ThreadId)).Select(thread => thread.Head.ActiveRun).OfType<Guid>()];
        return active.Count == 0 ? [] : await reader.ReadPartialsAsync(active, cancellationToken);
    }

    private static StateValues ShownState(Found found, Dictionary<Guid, StateValues> states, Dictionary<Guid, StateMessage> partials) =>
        PartialMessage.ShownBehind(
            states.GetValueOrDefault(found.Thread.ThreadId, StateValues.Empty),
            found.Head.ActiveRun is { } run ? partials.GetValueOrDefault(run) : null);

    private sealed class Found
    {
        public required ThreadRow Thread { get; init; }

        public required ThreadHeadRow Head { get; init; }
    }
}
