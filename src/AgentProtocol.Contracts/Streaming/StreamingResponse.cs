using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Streaming;

/// <summary>The answer to a command that was carried out (wire-contract 6.7; schema <c>StreamingSuccessResponse</c>).</summary>
public sealed record StreamingSuccessResponse
{
    /// <summary>Always <c>success</c>.</summary>
    public string Type { get; } = "success";

    /// <summary>The number of the command.</summary>
    public required long Id { get; init; }

    /// <summary>An object whose shape depends on the method.</summary>
    public required RawJson Result { get; init; }

    /// <summary>Which run it concerns; absent where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamingMeta? Meta { get; init; }
}

/// <summary>The <c>meta</c> of an answer to a command that has started a run.</summary>
public sealed record StreamingMeta
{
    /// <summary>The thread of the run.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>The last sequence number before the first event of the run; good as <c>since</c> of a stream.</summary>
    public required long AppliedThroughSeq { get; init; }

    /// <summary>The same under the Agent Protocol's name.</summary>
    [JsonPropertyName("appliedThroughSeq")]
    public long AppliedThroughSeqTwin => AppliedThroughSeq;
}

/// <summary>The answer to a command that was refused (wire-contract 6.7; schema <c>StreamingErrorResponse</c>).</summary>
public sealed record StreamingErrorResponse
{
    /// <summary>Always <c>error</c>.</summary>
    public string Type { get; } = "error";

    /// <summary>The number of the command; null when the message had none that could be read.</summary>
    public required long? Id { get; init; }

    /// <summary>What kind of refusal it is.</summary>
    public required StreamingErrorCode Error { get; init; }

    /// <summary>What is wrong and, where possible, how to mend it.</summary>
    public required string Message { get; init; }
}

/// <summary>The closed set of codes that commands are refused with (wire-contract 6.7).</summary>
[JsonConverter(typeof(WireEnumConverter<StreamingErrorCode>))]
public enum StreamingErrorCode
{
    /// <summary>A parameter, or the message itself, has the wrong shape or value.</summary>
    [JsonStringEnumMemberName("invalid_argument")]
    InvalidArgument,

    /// <summary>There is no such method.</summary>
    [JsonStringEnumMemberName("unknown_command")]
    UnknownCommand,

    /// <summary>The server failed.</summary>
    [JsonStringEnumMemberName("unknown_error")]
    UnknownError,

    /// <summary>The thread or the run is unknown to this caller.</summary>
    [JsonStringEnumMemberName("no_such_run")]
    NoSuchRun,

    /// <summary>The connection has no such subscription.</summary>
    [JsonStringEnumMemberName("no_such_subscription")]
    NoSuchSubscription,

    /// <summary>The thread has no state under that namespace.</summary>
    [JsonStringEnumMemberName("no_such_namespace")]
    NoSuchNamespace,

    /// <summary>No such interrupt waits for an answer.</summary>
    [JsonStringEnumMemberName("no_such_interrupt")]
    NoSuchInterrupt,

    /// <summary>The thread has no such checkpoint.</summary>
    [JsonStringEnumMemberName("no_such_checkpoint")]
    NoSuchCheckpoint,

    /// <summary>The caller may not do this.</summary>
    [JsonStringEnumMemberName("permission_denied")]
    PermissionDenied,

    /// <summary>The method exists, but not here or not now.</summary>
    [JsonStringEnumMemberName("not_supported")]
    NotSupported,
}
