using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// Messages that lost executions have left half written. Where the run ends without another execution, they become part of
/// the thread's state like those of a run that its executor ends.
/// </summary>
internal static class PartialAnswers
{
    private const string OwnerSql = "select owner from thread_heads where thread_id = $1";

    /// <summary>Keeps the message of a run that has just been interrupted in this transaction. The head is locked, and its slot is empty.</summary>
    public static async Task KeepAsync(
        NpgsqlConnection connection, Guid threadId, Guid runId, string partial, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OwnerSql, connection).With(threadId);
        var owner = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
        var edits = new StateEdits(
            owner, threadId, default, await ContinuationReader.ReadHeadAsync(connection, threadId, cancellationToken), runId);
        if (PartialMessage.Read(partial) is { } message && edits.State.IndexOf(message.Id) < 0)
        {
            var delta = new StateDelta();
            edits.Add("loop", node: null, delta.Put(edits.State, PartialMessage.Ended(message, "interrupted")), delta);
            await edits.WriteAsync(connection, cancellationToken);
        }
    }
}
