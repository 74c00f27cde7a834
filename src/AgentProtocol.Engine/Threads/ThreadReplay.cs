using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Threads;

/// <summary>Creates a thread with a past: every superstep of the request becomes a checkpoint, or nothing is stored (wire-contract 3.1).</summary>
internal static class ThreadReplay
{
    private const string InputNode = "__input__";
    private const string StartNode = "__start__";

    /// <summary>False when the id exists already.</summary>
    /// <exception cref="ProtocolException">The metadata names no graph, or a step cannot be merged.</exception>
    public static async Task<bool> CreateAsync(
        ProtocolDatabase database, NewThreadRow thread, ThreadCreate request, CancellationToken cancellationToken)
    {
        if (request.Metadata is not { ValueKind: JsonValueKind.Object } metadata || !metadata.TryGetProperty("graph_id", out var graph)
            || string.IsNullOrEmpty(graph.TextOrNull()))
        {
            throw new ProtocolException(ErrorCode.BadRequest, "supersteps need metadata.graph_id: states belong to an agent");
        }

        var edits = new StateEdits(thread.Owner, thread.ThreadId, ThreadStore.OriginOf(graph.GetString(), null), Continuation.Beginning);
        Replay(edits, request.Supersteps!);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await ThreadStore.CreateAsync(connection, thread, cancellationToken))
        {
            return false;
        }

        await edits.WriteAsync(connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>
    /// An input is not part of the state of its own checkpoint, but of that of the start behind it. Where no start with
    /// values follows, the next step merges it, for what a user said must not be lost.
    /// </summary>
    private static void Replay(StateEdits edits, IReadOnlyList<Superstep> supersteps)
    {
        List<(SuperstepUpdate Update, string Path)> inputs = [];
        for (var i = 0; i < supersteps.Count; i++)
        {
            var updates = (supersteps[i].Updates ?? []).Select((update, j) => (Update: update, Path: $"supersteps.{i}.updates.{j}")).ToList();
            if (updates.TrueForAll(each => each.Update.AsNode == InputNode))
            {
                edits.Add("input", InputNode, edits.State, new StateDelta());
                inputs.AddRange(updates);
                continue;
            }

            var bringsItsOwn = updates.Exists(each => each.Update.AsNode == StartNode && HasValues(each.Update));
            Add(edits, bringsItsOwn ? updates : [.. inputs, .. updates], updates[^1].Update.AsNode, updates[^1].Path);
            inputs.Clear();
        }

        if (inputs.Count > 0)
        {
            Add(edits, inputs, StartNode, inputs[^1].Path);
        }
    }

    private static void Add(StateEdits edits, IReadOnlyList<(SuperstepUpdate Update, string Path)> updates, string? node, string path)
    {
        node = ThreadEditor.NodeName(node, $"{path}.as_node");
        var state = edits.State;
        var delta = new StateDelta();
        foreach (var (update, at) in updates)
        {
            try
            {
                state = StateReducer.ApplyAll(state, update.Values ?? default, delta);
                state = StateReducer.ApplyPairs(state, CommandUpdate(update), delta);
            }
            catch (StateUpdateException exception)
            {
                throw ProtocolException.InvalidField($"{at}.{exception.Path}", exception.Problem);
            }
        }

        edits.Add("update", node, state, delta);
    }

    private static bool HasValues(SuperstepUpdate update) => update.Values is { ValueKind: not JsonValueKind.Null };

    private static JsonElement CommandUpdate(SuperstepUpdate update) =>
        update.Command is { ValueKind: JsonValueKind.Object } command && command.TryGetProperty("update", out var values) ? values : default;
}
