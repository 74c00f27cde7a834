using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Threads;

/// <summary>
/// Past states of a thread, newest first (wire-contract 3.14), made while they are read: however long a history is, a few
/// states of it are in memory at a time.
/// </summary>
internal static class ThreadHistory
{
    private const int DefaultLimit = 10;

    /// <summary>How many checkpoints are looked at at a time: a filter may have to look far back.</summary>
    private const int PageSize = 100;

    /// <summary>How much of states is folded at a time, unless a single one is larger.</summary>
    private const long FoldedBytes = 8 * 1024 * 1024;

    /// <summary>A segment's deltas outweigh neither its snapshot nor this.</summary>
    private const int LightSegment = 16 * 1024;

    public static async IAsyncEnumerable<ThreadState> ReadAsync(
        ProtocolDatabase database, string owner, Guid threadId, ThreadHistoryRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Metadata is { } filter && !JsonFilter.IsStorable(filter))
        {
            throw ProtocolException.InvalidField("metadata", "holds text or a number that cannot be searched");
        }

        var left = request.Limit ?? DefaultLimit;
        var below = await FindStartAsync(database, owner, threadId, request, cancellationToken);
        while (left > 0 && below is { } n)
        {
            var page = await ReadPageAsync(database, threadId, n, request.Metadata is null ? Math.Min(left, PageSize) : PageSize, cancellationToken);
            var wanted = page.Where(view => Matches(view, request.Metadata)).Take(left).ToList();
            foreach (var slice in Slices(wanted))
            {
                foreach (var view in await FoldAsync(database, threadId, slice, cancellationToken))
                {
                    yield return view.ToWire();
                }
            }

            left -= wanted.Count;
            below = page.Count == 0 ? null : page[^1].Row.N;
        }
    }

    /// <summary>The number below which the history begins; null when there is nothing to show.</summary>
    private static async Task<int?> FindStartAsync(
        ProtocolDatabase database, string owner, Guid threadId, ThreadHistoryRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (!await ThreadReader.ExistsAsync(connection, owner, threadId, cancellationToken))
        {
            throw ProtocolException.ThreadNotFound(threadId);
        }

        return CheckpointReference.IdOf(request.Before ?? default) is { } before
            ? await CheckpointHistory.FindAsync(connection, threadId, before, cancellationToken)
            : int.MaxValue;
    }

    /// <summary>A connection for each read: one is not held for a client that takes its time.</summary>
    private static async Task<IReadOnlyList<CheckpointView>> ReadPageAsync(
        ProtocolDatabase database, Guid threadId, int below, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await CheckpointHistory.ReadPageAsync(connection, threadId, below, limit, cancellationToken);
    }

    private static async Task<IReadOnlyList<CheckpointView>> FoldAsync(
        ProtocolDatabase database, Guid threadId, IReadOnlyList<CheckpointView> views, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await CheckpointHistory.WithStatesAsync(connection, threadId, views, cancellationToken);
    }

    /// <summary>Cuts a page where the segments before the cut weigh enough; states of one segment share what did not change.</summary>
    private static IEnumerable<IReadOnlyList<CheckpointView>> Slices(IReadOnlyList<CheckpointView> page)
    {
        List<CheckpointView> slice = [];
        long weight = 0;
        foreach (var view in page)
        {
            if (slice.Count == 0 || slice[^1].Row.Segment != view.Row.Segment)
            {
                var segment = 2L * Math.Max(view.SnapshotBytes, LightSegment);
                if (slice.Count > 0 && weight + segment > FoldedBytes)
                {
                    yield return slice;
                    (slice, weight) = ([], 0);
                }

                weight += segment;
            }

            slice.Add(view);
        }

        if (slice.Count > 0)
        {
            yield return slice;
        }
    }

    private static bool Matches(CheckpointView view, JsonElement? filter)
    {
        if (filter is not { ValueKind: JsonValueKind.Object } wanted)
        {
            return true;
        }

        using var metadata = JsonDocument.Parse(ThreadMapping.Metadata(view), JsonText.DocumentOptions);
        return JsonText.Contains(metadata.RootElement, wanted);
    }
}
