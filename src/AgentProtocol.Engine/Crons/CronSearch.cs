using AgentProtocol.Agents;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace AgentProtocol.Engine.Crons;

/// <summary>Lists of crons.</summary>
internal sealed class CronSearch(ProtocolDatabase database, CronStore store, AgentRegistry agents)
{
    private const int DefaultLimit = 10;

    public async Task<CronPage> SearchAsync(string owner, CronSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var query = Filter(context, owner, request);
        var found = await Sort(query, request).Skip(request.Offset ?? 0).Take(request.Limit ?? DefaultLimit).ToListAsync(cancellationToken);
        DateTime? now = request.Select?.Contains("now") == true ? await store.ReadNowAsync(cancellationToken) : null;
        return new CronPage([.. found.Select(cron => cron.ToWire(now))], await query.LongCountAsync(cancellationToken));
    }

    public async Task<long> CountAsync(string owner, CronSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        return await Filter(context, owner, request).LongCountAsync(cancellationToken);
    }

    private IQueryable<CronRow> Filter(ProtocolDbContext context, string owner, CronSearchRequest request)
    {
        var query = context.Crons.Where(cron => cron.Owner == owner);
        if (request.AssistantId is { } id)
        {
            // Not only those that are registered now: crons outlive the agents they were made for.
            var assistantId = agents.Find(id)?.AssistantId ?? (Guid.TryParse(id, out var parsed) ? parsed : Guid.Empty);
            query = query.Where(cron => cron.AssistantId == assistantId);
        }

        if (request.ThreadId is { } threadId)
        {
            query = query.Where(cron => cron.ThreadId == threadId);
        }

        if (request.Enabled is { } enabled)
        {
            query = query.Where(cron => cron.Enabled == enabled);
        }

        if (JsonFilter.Copy(request.Metadata, "metadata") is { } contained)
        {
            query = query.Where(cron => cron.Filter != null && EF.Functions.JsonContains(cron.Filter, contained));
        }

        return query;
    }

    /// <summary>Ties are broken by the order of creation, never by an id.</summary>
    private static IQueryable<CronRow> Sort(IQueryable<CronRow> query, CronSearchRequest request)
    {
        var ascending = request.SortOrder == "asc";
        var sorted = (request.SortBy ?? "created_at", ascending) switch
        {
            ("cron_id", true) => query.OrderBy(cron => cron.CronId),
            ("cron_id", false) => query.OrderByDescending(cron => cron.CronId),
            ("assistant_id", true) => query.OrderBy(cron => cron.AssistantId),
            ("assistant_id", false) => query.OrderByDescending(cron => cron.AssistantId),
            ("thread_id", true) => query.OrderBy(cron => cron.ThreadId),
            ("thread_id", false) => query.OrderByDescending(cron => cron.ThreadId),
            ("updated_at", true) => query.OrderBy(cron => cron.UpdatedAt),
            ("updated_at", false) => query.OrderByDescending(cron => cron.UpdatedAt),
            ("next_run_date", true) => query.OrderBy(cron => cron.NextRunDate),
            ("next_run_date", false) => query.OrderByDescending(cron => cron.NextRunDate),
            ("end_time", true) => query.OrderBy(cron => cron.EndTime),
            ("end_time", false) => query.OrderByDescending(cron => cron.EndTime),
            (_, true) => query.OrderBy(cron => cron.CreatedAt),
            (_, false) => query.OrderByDescending(cron => cron.CreatedAt),
        };
        return ascending ? sorted.ThenBy(cron => cron.Seq) : sorted.ThenByDescending(cron => cron.Seq);
    }
}
