using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Events;

/// <summary>Appends pages of many runs in shared statements. Numbers come from the writer; the row it locks says whether they still hold.</summary>
internal sealed partial class EventLog
{
    /// <summary>More rows share the cost of a statement and its commit, and each caller waits for all of them.</summary>
    private const int MaxBatch = 40;

    private readonly ProtocolDatabase database;
    private readonly TimeProvider time;
    private readonly GroupCommit<RunPage, bool> plain;
    private readonly GroupCommit<RunPage, bool> stateful;

    public EventLog(ProtocolDatabase database, TimeProvider time)
    {
        this.database = database;
        this.time = time;
        plain = new(MaxBatch, pages => ExecuteAsync(AppendSql, pages, withState: false));
        stateful = new(MaxBatch, pages => ExecuteAsync(AppendStateSql, pages, withState: true));
    }

    /// <summary>Commits a page. A run has at most one page on the way.</summary>
    /// <param name="page">The page.</param>
    /// <param name="leaseLost">Ends the tries while the database is away: another node may have taken the run.</param>
    /// <returns>False when the run is no longer ours: its work row, fence or number has moved on.</returns>
    public async Task<bool> AppendAsync(RunPage page, CancellationToken leaseLost)
    {
        var group = page.Head is null ? plain : stateful;
        for (var failures = 0; ; failures++)
        {
            try
            {
                if (failures > 0 && await ResolveAsync(page) is { } known)
                {
                    return known;
                }

                // After a lost answer "no" may mean that the first try was late, not that the lease is lost.
                return await group.SubmitAsync(page) || (failures > 0 && await ResolveAsync(page) == true);
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && !leaseLost.IsCancellationRequested)
            {
                // The commit may have happened. The page stays as it is, and the next round looks before it repeats.
                await Task.Delay(TransientFailure.Pause(failures), time, CancellationToken.None);
            }
        }
    }

    /// <summary>Whether a page whose commit is uncertain was written; null when it was not and may be written again.</summary>
    private async Task<bool?> ResolveAsync(RunPage page)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(ResolveSql, connection)
            .With(page.RunId).With(page.ThreadId).With(page.Head?.N, NpgsqlDbType.Integer).With(page.Head?.Id, NpgsqlDbType.Uuid);
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync() || reader.GetInt32(0) != page.Fence)
        {
            return false;
        }

        // A page with state is known by its checkpoint, for it may have no frames; one without by its numbers.
        var next = reader.GetInt64(1);
        var written = page.Head is null ? next == page.Next : reader.GetBoolean(2);
        return written ? true : next == page.First ? null : false;
    }

    private async Task<IReadOnlyList<bool>> ExecuteAsync(string sql, IReadOnlyList<RunPage> pages, bool withState)
    {
        // After a node was declared dead and has joined anew, an old execution may sit here beside the new one.
        var newest = RunPage.NewestOfEachRun(pages);
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection).WithPages(newest);
        _ = withState ? command.WithCheckpoints(newest).WithTaken(newest).WithPartials(newest) : command.WithPartials(newest);

        HashSet<Guid> written = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            written.Add(reader.GetGuid(0));
        }

        return [.. pages.Select(page => written.Contains(page.RunId) && (newest.Count == pages.Count || newest.Contains(page)))];
    }
}
