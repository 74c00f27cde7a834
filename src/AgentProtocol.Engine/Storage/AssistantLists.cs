using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// Lists of assistants: the rows of an owner and, as far as the owner has not edited them, the assistants of the server.
/// The database joins the two, so that one order and one count go over both.
/// </summary>
internal sealed class AssistantLists(ProtocolDatabase database)
{
    private const int DefaultLimit = 10;

    private const string VisibleSql =
        """
        select owner, assistant_id, seq, graph_id, version, last_version, name, description, config, context, metadata, filter, created_at, updated_at
        from assistants where owner = @owner
        union all
        select @owner, s.assistant_id, s.seq, s.graph_id, 1, 1, s.name, s.description, @nothing, @nothing, s.metadata, s.metadata::jsonb,
               s.created_at, s.created_at
        from unnest(@ids, @places, @graphs, @names, @descriptions, @metadata, @times)
            as s(assistant_id, seq, graph_id, name, description, metadata, created_at)
        where not exists (select from assistants a where a.owner = @owner and a.assistant_id = s.assistant_id)
        """;

    /// <summary>A page, and how many match in all.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="system">The assistants of the server.</param>
    /// <param name="request">What is looked for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<(IReadOnlyList<AssistantRow> Rows, long Total)> SearchAsync(
        string owner, IReadOnlyList<AssistantRow> system, AssistantSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var query = Filter(context, owner, system, request);
        var rows = await Sort(query, request).Skip(request.Offset ?? 0).Take(request.Limit ?? DefaultLimit).ToListAsync(cancellationToken);
        return (rows, await query.LongCountAsync(cancellationToken));
    }

    public async Task<long> CountAsync(
        string owner, IReadOnlyList<AssistantRow> system, AssistantSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        return await Filter(context, owner, system, request).LongCountAsync(cancellationToken);
    }

    /// <summary>The versions of an assistant that has rows, newest first.</summary>
    public async Task<IReadOnlyList<AssistantVersionRow>> ListVersionsAsync(
        string owner, Guid assistantId, AssistantVersionsRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var query = context.AssistantVersions.Where(version => version.Owner == owner && version.AssistantId == assistantId);
        if (JsonFilter.Copy(request.Metadata, "metadata") is { } contained)
        {
            query = query.Where(version => version.Filter != null && EF.Functions.JsonContains(version.Filter, contained));
        }

        return await query.OrderByDescending(version => version.Version)
            .Skip(request.Offset ?? 0).Take(request.Limit ?? DefaultLimit).ToListAsync(cancellationToken);
    }

    private static IQueryable<AssistantRow> Filter(
        ProtocolDbContext context, string owner, IReadOnlyList<AssistantRow> system, AssistantSearchRequest request)
    {
        var query = Visible(context, owner, system);
        if (request.GraphId is { } graphId)
        {
            query = query.Where(row => row.GraphId == graphId);
        }

        if (request.Name is { } name)
        {
            var pattern = $"%{name.Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_")}%";
            query = query.Where(row => EF.Functions.ILike(row.Name, pattern, @"\"));
        }

        if (JsonFilter.Copy(request.Metadata, "metadata") is { } contained)
        {
            query = query.Where(row => row.Filter != null && EF.Functions.JsonContains(row.Filter, contained));
        }

        return query;
    }

    /// <summary>Named parameters: those that the framework numbers would get the names of those it makes for limit and offset.</summary>
    private static IQueryable<AssistantRow> Visible(ProtocolDbContext context, string owner, IReadOnlyList<AssistantRow> system) =>
        context.Assistants.FromSqlRaw(
            VisibleSql,
            new NpgsqlParameter("owner", owner),
            new NpgsqlParameter("nothing", "{}"),
            new NpgsqlParameter("ids", system.Select(row => row.AssistantId).ToArray()),
            new NpgsqlParameter("places", system.Select(row => row.Seq).ToArray()),
            new NpgsqlParameter("graphs", system.Select(row => row.GraphId).ToArray()),
            new NpgsqlParameter("names", system.Select(row => row.Name).ToArray()),
            new NpgsqlParameter("descriptions", system.Select(row => row.Description).ToArray()),
            new NpgsqlParameter("metadata", system.Select(row => row.Metadata).ToArray()),
            new NpgsqlParameter("times", system.Select(row => row.CreatedAt).ToArray()));

    /// <summary>Ties are broken by the order of creation, never by an id; the server's assistants come before all others.</summary>
    private static IQueryable<AssistantRow> Sort(IQueryable<AssistantRow> query, AssistantSearchRequest request)
    {
        var ascending = request.SortOrder == "asc";
        var sorted = (request.SortBy ?? "created_at", ascending) switch
        {
            ("assistant_id", true) => query.OrderBy(row => row.AssistantId),
            ("assistant_id", false) => query.OrderByDescending(row => row.AssistantId),
            ("graph_id", true) => query.OrderBy(row => row.GraphId),
            ("graph_id", false) => query.OrderByDescending(row => row.GraphId),
            ("name", true) => query.OrderBy(row => row.Name),
            ("name", false) => query.OrderByDescending(row => row.Name),
            ("updated_at", true) => query.OrderBy(row => row.UpdatedAt),
            ("updated_at", false) => query.OrderByDescending(row => row.UpdatedAt),
            (_, true) => query.OrderBy(row => row.CreatedAt),
            (_, false) => query.OrderByDescending(row => row.CreatedAt),
        };
        return ascending ? sorted.ThenBy(row => row.Seq) : sorted.ThenByDescending(row => row.Seq);
    }
}
