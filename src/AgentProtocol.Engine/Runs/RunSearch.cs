using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace AgentProtocol.Engine.Runs;

/// <summary>Lists of runs.</summary>
internal sealed class RunSearch(ProtocolDatabase database, AgentRegistry agents)
{
    private const int DefaultLimit = 10;

    public async Task<IReadOnlyList<Run>> ListAsync(
        string owner, Guid threadId, RunListRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        if (!await context.Threads.AnyAsync(thread => thread.ThreadId == threadId && thread.Owner == owner, cancellationToken))
        {
            throw ProtocolException.ThreadNotFound(threadId);
        }

        var query = Join(context, owner).Where(found => found.Run.ThreadId == threadId);
        query = Filter(query, request.Metadata, request.Status, pendingIncludesRunning: false);
        return await ReadAsync(query.OrderByDescending(found => found.Run.RunNo), request.Limit, request.Offset, cancellationToken);
    }

    public async Task<RunPage> SearchAsync(string owner, RunSearchRequest request, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var query = Filter(Join(context, owner), request.Metadata, request.Status, pendingIncludesRunning: true);
        if (request.ThreadId is { } threadId)
        {
            query = query.Where(found => found.Run.ThreadId == threadId);
        }

        if ((request.AssistantId ?? request.AgentId) is { } id)
        {
            // Not only those that are registered now: runs outlive the agents that made them.
            var assistantId = agents.Find(id)?.AssistantId ?? (Guid.TryParseExact(id, "D", out var uuid) ? uuid : AssistantIds.For(id));
            query = query.Where(found => found.Run.AssistantId == assistantId);
        }

        var ordered = query.OrderByDescending(found => found.Run.CreatedAt).ThenByDescending(found => found.Run.RunNo).ThenBy(found => found.Run.RunId);
        var runs = await ReadAsync(ordered, request.Limit ?? DefaultLimit, request.Offset ?? 0, cancellationToken);
        return new RunPage(runs, await query.LongCountAsync(cancellationToken));
    }

    private static IQueryable<Found> Join(ProtocolDbContext context, string owner) =>
        from run in context.Runs
        where run.Owner == owner
        join work in context.RunWork on run.RunId equals work.RunId into works
        from work in works.DefaultIfEmpty()
        select new Found { Run = run, Work = work };

    private static IQueryable<Found> Filter(IQueryable<Found> query, JsonElement? metadata, RunStatus? status, bool pendingIncludesRunning)
    {
        if (JsonFilter.Copy(metadata, "metadata") is { } contained)
        {
            query = query.Where(found => found.Run.Filter != null && EF.Functions.JsonContains(found.Run.Filter, contained));
        }

        return status switch
        {
            null => query,
            RunStatus.Running => query.Where(found => found.Work != null && found.Work.State == RunState.Running),
            RunStatus.Pending when pendingIncludesRunning => query.Where(found => found.Work != null),
            RunStatus.Pending => query.Where(found => found.Work != null && found.Work.State != RunState.Running),
            _ => query.Where(found => found.Run.Status == ToText(status.Value)),
        };
    }

    private static string ToText(RunStatus status) => status switch
    {
        RunStatus.Success => "success",
        RunStatus.Error => "error",
        RunStatus.Timeout => "timeout",
        _ => "interrupted",
    };

    private async Task<IReadOnlyList<Run>> ReadAsync(IQueryable<Found> query, int limit, int offset, CancellationToken cancellationToken)
    {
        var found = await query.Skip(offset).Take(limit).ToListAsync(cancellationToken);
        List<Guid> told = [.. found.Where(run => run.Run.Updates + (run.Work?.Updates ?? 0) > 0).Select(run => run.Run.RunId)];
        var updates = told.Count == 0 ? [] : await new UpdateReader(database).ReadAsync(told, cancellationToken);
        return
        [
            .. found.Select(run => new RunView(run.Run, run.Work?.State)
            {
                Progress = run.Work?.Progress ?? run.Run.Progress,
                Usage = run.Work?.Usage ?? run.Run.Usage,
                Updates = updates.GetValueOrDefault(run.Run.RunId) ?? [],
            }.ToWire()),
        ];
    }

    private sealed class Found
    {
        public required RunRow Run { get; init; }

        public RunWorkRow? Work { get; init; }
    }
}
