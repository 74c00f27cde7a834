using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// Takes runs for a node. Every consumer of the queue goes through here, whatever carries its deliveries; but for the runs of
/// agents that may execute only so many at once, which <see cref="AgentClaims"/> takes.
/// </summary>
internal sealed partial class RunClaims(ProtocolDatabase database, RunLimits limits, IOptions<RunsOptions> options)
{
    /// <summary>Claims up to a number of ready runs: recovered ones first, then the longest waiting.</summary>
    public Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Guid node, int room, CancellationToken cancellationToken) =>
        ClaimAsync(ClaimSql, node, command => command.With(room), cancellationToken);

    /// <summary>Claims one run by id; null when it is not ready, or another node was faster.</summary>
    public async Task<ClaimedRun?> ClaimOneAsync(Guid node, Guid runId, CancellationToken cancellationToken) =>
        await ClaimAsync(ClaimOneSql, node, command => command.With(runId), cancellationToken) is [var run] ? run : null;

    private async Task<IReadOnlyList<ClaimedRun>> ClaimAsync(
        string sql, Guid node, Func<NpgsqlCommand, NpgsqlCommand> what, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection).With(node);
        what(command).With(options.Value.Timeout).WithColumn(limits.Limited, NpgsqlDbType.Text, agent => agent.Id);
        return await ReadAsync(command, node);
    }

    /// <summary>Executes a claim and reads what it took.</summary>
    internal static async Task<IReadOnlyList<ClaimedRun>> ReadAsync(NpgsqlCommand command, Guid node)
    {
        // Once sent, a claim is not cancelled: what it took must be executed or handed back.
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        List<ClaimedRun> runs = [];
        while (await reader.ReadAsync(CancellationToken.None))
        {
            runs.Add(Read(reader, node));
        }

        return runs;
    }

    private static ClaimedRun Read(NpgsqlDataReader reader, Guid node) => new()
    {
        RunId = reader.GetGuid(0),
        ThreadId = reader.GetGuid(1),
        Owner = reader.GetString(2),
        Node = node,
        RunNo = reader.GetInt64(3),
        Fence = reader.GetInt32(4),
        Attempt = reader.GetInt32(5),
        Failures = reader.GetInt32(6),
        Losses = reader.GetInt32(7),
        NextEvent = reader.GetInt64(8),
        Settle = reader.GetText(9),
        SettleReason = reader.GetText(10),
        Usage = reader.GetText(11),
        DeadlineAt = reader.GetNullable<DateTime>(12),
        TimeLeft = reader.GetTimeSpan(13),
        Order = new RunOrder(reader.GetString(14), reader.GetGuid(15), reader.GetString(16), reader.GetText(17), reader.GetText(18)),
        Updates = reader.GetInt32(19),
        Progress = reader.GetText(20),
        Partial = reader.GetText(21),
        ParentRunId = reader.GetNullable<Guid>(22),
        TimeLimit = reader.GetTimeSpan(23),
    };
}
