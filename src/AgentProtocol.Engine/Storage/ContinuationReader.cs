using AgentProtocol.Engine.State;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads where a thread's state goes on. Whoever writes by it holds the head's lock, or the thread's slot.</summary>
internal static class ContinuationReader
{
    private const string HeadSql =
        """
        select h.head, h.head_n, h.last_n, c.id, c.n, c.step, c.segment
        from thread_heads h left join checkpoints c on c.thread_id = h.thread_id and c.n = h.head_n
        where h.thread_id = $1
        """;

    private const string CheckpointSql =
        """
        select h.head, h.head_n, h.last_n, c.id, c.n, c.step, c.segment
        from thread_heads h join checkpoints c on c.thread_id = h.thread_id and c.id = $2
        where h.thread_id = $1
        """;

    /// <summary>The way on from the head.</summary>
    public static async Task<Continuation> ReadHeadAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(HeadSql, connection).With(threadId);
        return await ReadAsync(connection, command, threadId, cancellationToken)
            ?? throw new InvalidDataException($"Thread {threadId} has no head");
    }

    /// <summary>The way on from any checkpoint of the thread; null when there is no such checkpoint.</summary>
    public static async Task<Continuation?> ReadAtAsync(
        NpgsqlConnection connection, Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CheckpointSql, connection).With(threadId).With(checkpointId);
        return await ReadAsync(connection, command, threadId, cancellationToken);
    }

    private static async Task<Continuation?> ReadAsync(
        NpgsqlConnection connection, NpgsqlCommand command, Guid threadId, CancellationToken cancellationToken)
    {
        Continuation position;
        int n;
        bool isHead;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return null;
            }

            n = reader.GetNullable<int>(4) ?? 0;
            isHead = n == reader.GetInt32(1);
            position = new Continuation
            {
                HeadId = reader.GetNullable<Guid>(0),
                LastN = reader.GetInt32(2),
                ParentId = reader.GetNullable<Guid>(3),
                LastStep = reader.GetNullable<int>(5) ?? Continuation.NoStep,
                Segment = reader.GetNullable<int>(6) ?? 0,
            };
        }

        var state = await CheckpointReader.ReadSegmentAsync(connection, threadId, position.Segment, n, cancellationToken);
        return position with { State = isHead ? state : state.Closed() };
    }
}
