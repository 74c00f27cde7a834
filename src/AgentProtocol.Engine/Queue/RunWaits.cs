using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>Says why runs do not execute yet. Clients poll, so concurrent questions share a statement.</summary>
internal sealed class RunWaits
{
    private const int MaxBatch = 200;

    /// <summary>Runs of an agent are counted only where their number is limited ($2): where it is not, they may be many.</summary>
    private const string ReadSql =
        $"""
        select w.run_id, w.state, w.failures, w.available_at, w.agent,
               case w.state when 0 then coalesce(
                   (select f.run_id from run_work f where f.thread_id = w.thread_id and f.state = 0 and f.run_no < w.run_no order by f.run_no desc limit 1),
                   (select f.run_id from run_work f where f.thread_id = w.thread_id and f.state > 0)) end,
               case when w.state = 2 and w.agent = any($2) then (select count(*) from run_work o where o.agent = w.agent and {AgentClaims.Counts}) end
        from run_work w where w.run_id = any($1) and w.state < 3
        """;

    private readonly ProtocolDatabase database;
    private readonly RunLimits limits;
    private readonly GroupCommit<Guid, RunWaiting?> reads;

    public RunWaits(ProtocolDatabase database, RunLimits limits)
    {
        this.database = database;
        this.limits = limits;
        reads = new(MaxBatch, ReadAsync);
    }

    /// <summary>What a run waits for; null when it executes or has ended.</summary>
    public Task<RunWaiting?> ReadAsync(Guid runId) => reads.SubmitAsync(runId);

    private async Task<IReadOnlyList<RunWaiting?>> ReadAsync(IReadOnlyList<Guid> runIds)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(ReadSql, connection)
            .WithColumn(runIds, NpgsqlDbType.Uuid, id => id)
            .WithColumn(limits.Limited, NpgsqlDbType.Text, agent => agent.Id);
        Dictionary<Guid, RunWaiting> found = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            found[reader.GetGuid(0)] = Read(reader);
        }

        return [.. runIds.Select(found.GetValueOrDefault)];
    }

    private RunWaiting Read(NpgsqlDataReader reader) => (RunState)reader.GetInt16(1) switch
    {
        RunState.Waiting => new RunWaiting { Reason = RunWaitReason.Thread, RunId = reader.GetNullable<Guid>(5) },
        RunState.Delayed => new RunWaiting
        {
            Reason = reader.GetInt32(2) > 0 ? RunWaitReason.Retry : RunWaitReason.Delay,
            Until = reader.GetDateTime(3),
        },
        _ when reader.GetNullable<long>(6) is { } running && limits.MostAtOnce(reader.GetString(4)) is { } most && running >= most =>
            new RunWaiting { Reason = RunWaitReason.Agent, Limit = most, Running = (int)running },
        _ => new RunWaiting { Reason = RunWaitReason.Worker },
    };
}
