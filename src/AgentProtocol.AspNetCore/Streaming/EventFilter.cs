using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>What a reader wants to see of a thread's events (wire-contract 6.9).</summary>
internal sealed class EventFilter
{
    private const string Custom = "custom";
    private const string CustomPrefix = "custom:";

    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", Custom);

    private static readonly JsonDocumentOptions DataOptions = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 16 };

    private readonly HashSet<string> channels;
    private readonly bool namesCustom;
    private readonly IReadOnlyList<IReadOnlyList<string>> namespaces;
    private readonly int? depth;

    private EventFilter(EventStreamRequest request)
    {
        channels = [.. request.Channels!.Where(IsKnown)];
        namesCustom = channels.Any(channel => channel.StartsWith(CustomPrefix, StringComparison.Ordinal));
        namespaces = request.Namespaces ?? [];
        depth = request.Depth;
    }

    /// <summary>Checks what a client asked for.</summary>
    /// <param name="request">The filter on the wire.</param>
    /// <param name="refusesUnknown">
    /// Whether a channel that does not exist is refused instead of ignored: the reference server does the one on
    /// WebSockets and the other on event streams.
    /// </param>
    /// <exception cref="ProtocolException">The filter is not valid.</exception>
    public static EventFilter Create(EventStreamRequest request, bool refusesUnknown)
    {
        FieldErrors errors = default;
        if (request.Channels is not { Count: > 0 } channels)
        {
            errors.Add("channels", "must name at least one channel", "missing");
        }
        else if (channels.Count > Limits.MaxLimit || channels.Contains(null!))
        {
            errors.Add("channels", $"must be a list of up to {Limits.MaxLimit} strings");
        }
        else if (refusesUnknown && channels.FirstOrDefault(channel => !IsKnown(channel)) is { } unknown)
        {
            errors.Add("channels", $"\"{unknown}\" is not one of {string.Join(", ", Known.Order())}, custom:<name>");
        }

        if (request.Namespaces is { } namespaces
            && (namespaces.Count > Limits.MaxLimit || namespaces.Any(prefix => prefix is null || prefix.Count > Limits.MaxLimit || prefix.Contains(null!))))
        {
            errors.Add("namespaces", $"must be a list of up to {Limits.MaxLimit} lists of strings");
        }

        if (request.Depth < 0)
        {
            errors.Add("depth", Limits.Describe(0, int.MaxValue));
        }

        if (request.Since < 0)
        {
            errors.Add("since", Limits.Describe(0, int.MaxValue));
        }

        errors.ThrowIfAny();
        return new EventFilter(request);
    }

    public bool Matches(in ThreadStreamEvent item) => item.IsProtocol && HasChannel(item) && IsInPlace(item.Namespace ?? []);

    private bool HasChannel(in ThreadStreamEvent item)
    {
        var channel = item.Name == "input.requested" ? "input" : item.Name;
        return channels.Contains(channel)
            || (namesCustom && channel == Custom && CustomName(item) is { } name && channels.Contains(CustomPrefix + name));
    }

    private bool IsInPlace(IReadOnlyList<string> place)
    {
        // Without a prefix there is nothing that a depth could be counted from, and the SDKs ignore it then, too.
        if (namespaces.Count == 0)
        {
            return true;
        }

        foreach (var prefix in namespaces)
        {
            if (StartsWith(place, prefix) && (depth is null || place.Count - prefix.Count <= depth))
            {
                return true;
            }
        }

        return false;
    }

    private static bool StartsWith(IReadOnlyList<string> place, IReadOnlyList<string> prefix)
    {
        if (prefix.Count > place.Count)
        {
            return false;
        }

        for (var i = 0; i < prefix.Count; i++)
        {
            if (!Covers(prefix[i], place[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A name without a colon also stands for all its instances: <c>fetcher</c> for <c>fetcher:uuid</c>.</summary>
    private static bool Covers(string wanted, string segment) =>
        segment == wanted
        || (segment.Length > wanted.Length && segment[wanted.Length] == ':' && !wanted.Contains(':') && segment.StartsWith(wanted, StringComparison.Ordinal));

    private static bool IsKnown(string channel) =>
        Known.Contains(channel) || (channel.Length > CustomPrefix.Length && channel.StartsWith(CustomPrefix, StringComparison.Ordinal));

    private static string? CustomName(in ThreadStreamEvent item)
    {
        try
        {
            using var data = JsonDocument.Parse(item.Data.Text, DataOptions);
            return data.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // A name that holds half of a surrogate pair: no channel can be called so.
            return null;
        }
    }
}
