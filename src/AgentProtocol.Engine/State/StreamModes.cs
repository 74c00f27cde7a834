using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>What the readers of a run want to see (wire-contract 6.3).</summary>
[Flags]
internal enum StreamModes
{
    None = 0,
    Values = 1,
    Updates = 2,
    Messages = 4,
    MessagesTuple = 8,
    Custom = 16,
    Events = 32,
    Tasks = 64,
    Checkpoints = 128,
    Debug = 256,
    Tools = 512,

    /// <summary>Ours: how far the run is.</summary>
    Progress = 1024,
}

internal static class StreamModeNames
{
    /// <summary>The modes that work, by wire name.</summary>
    public static IReadOnlyDictionary<string, StreamModes> Supported { get; } = new Dictionary<string, StreamModes>(StringComparer.Ordinal)
    {
        ["values"] = StreamModes.Values,
        ["updates"] = StreamModes.Updates,
        ["messages"] = StreamModes.Messages,
        ["messages-tuple"] = StreamModes.MessagesTuple,
        ["custom"] = StreamModes.Custom,
        ["events"] = StreamModes.Events,
        ["tasks"] = StreamModes.Tasks,
        ["checkpoints"] = StreamModes.Checkpoints,
        ["debug"] = StreamModes.Debug,
        ["tools"] = StreamModes.Tools,
        ["progress"] = StreamModes.Progress,
    };

    /// <summary>The modes of a request that was checked before; <c>values</c> when it names none.</summary>
    public static StreamModes Parse(JsonElement modes) => modes.ValueKind switch
    {
        JsonValueKind.String => Parse([modes.GetString()!]),
        JsonValueKind.Array when modes.GetArrayLength() > 0 => Parse(modes.EnumerateArray().Select(mode => mode.GetString()!)),
        _ => StreamModes.Values,
    };

    public static StreamModes Parse(IEnumerable<string> names) =>
        names.Aggregate(StreamModes.None, (modes, name) => modes | Supported.GetValueOrDefault(name));

    public static IReadOnlyList<string> ToNames(this StreamModes modes) =>
        [.. Supported.Where(mode => modes.HasFlag(mode.Value)).Select(mode => mode.Key)];

    /// <summary>The mode that an event belongs to; none for <c>metadata</c> and <c>error</c>, which every reader gets.</summary>
    public static StreamModes ModeOfEvent(string name) => name switch
    {
        "messages" => StreamModes.MessagesTuple,
        _ => name.StartsWith("messages/", StringComparison.Ordinal) ? StreamModes.Messages : Supported.GetValueOrDefault(name),
    };
}
