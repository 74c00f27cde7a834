using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Threads;

/// <summary>Past states of a thread, newest first (wire-contract 3.14).</summary>
internal static class ThreadHistory
{
    private const int DefaultLimit = 10;

    /// <summary>How many rows are folded at a time: a filter may have to look far back.</summary>
    private const int PageSize = 100;

    public static async Task<IReadOnlyList<ThreadState>> ReadAsync(
        ProtocolDatabase database, Guid threadId, ThreadHistoryRequest request, CancellationToken cancellationToken)
    {
        if (request.Metadata is { } filter && !JsonFilter.IsStorable(filter))
        {
            throw ProtocolException.InvalidField("metadata", "holds text or a number that cannot be searched");
        }

        var limit = request.Limit ?? DefaultLimit;
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var below = int.MaxValue;
        if (CheckpointIdOf(request.Before) is { } before)
        {
            if (await CheckpointHistory.ReadOneAsync(connection, threadId, before, cancellationToken) is not { } checkpoint)
            {
                return [];
            }

            below = checkpoint.Row.N;
        }

        List<ThreadState> states = [];
        while (states.Count < limit)
        {
            var take = request.Metadata is null ? Math.Min(limit - states.Count, PageSize) : PageSize;
            var page = await CheckpointHistory.ReadPageAsync(connection, threadId, below, take, cancellationToken);
            states.AddRange(page.Select(checkpoint => checkpoint.ToWire()).Where(state => Matches(state, request.Metadata)).Take(limit - states.Count));
            if (page.Count < take)
            {
                break;
            }

            below = page[^1].Row.N;
        }

        return states;
    }

    /// <summary>An id, a checkpoint object, or a config object that holds one.</summary>
    private static Guid? CheckpointIdOf(JsonElement? before)
    {
        if (before is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("configurable", out var configurable))
        {
            value = configurable;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            if (!value.TryGetProperty("checkpoint_id", out var id))
            {
                return null;
            }

            value = id;
        }

        return value.ValueKind == JsonValueKind.String && value.TryGetGuid(out var checkpointId)
            ? checkpointId
            : throw ProtocolException.InvalidField("before", "must be a checkpoint's id, a checkpoint, or a config with a checkpoint_id");
    }

    private static bool Matches(ThreadState state, JsonElement? filter)
    {
        if (filter is not { ValueKind: JsonValueKind.Object } wanted)
        {
            return true;
        }

        using var metadata = JsonDocument.Parse(state.Metadata.Text, State.JsonText.DocumentOptions);
        return State.JsonText.Contains(metadata.RootElement, wanted);
    }
}
