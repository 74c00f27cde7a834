using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Streaming;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>A refusal in the streaming protocol's own words, where the words of HTTP would say less.</summary>
internal sealed class CommandRefusal(StreamingErrorCode code, string message) : Exception(message)
{
    public StreamingErrorCode Code { get; } = code;

    public static CommandRefusal InvalidArgument(string message) => new(StreamingErrorCode.InvalidArgument, message);

    /// <summary>How the streaming protocol calls a refusal of the engine; what is not found is the thread or the run.</summary>
    public static StreamingErrorCode CodeOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => StreamingErrorCode.NoSuchRun,
        ErrorCode.BadRequest or ErrorCode.ValidationError or ErrorCode.Conflict or ErrorCode.PayloadTooLarge => StreamingErrorCode.InvalidArgument,
        ErrorCode.Unauthorized or ErrorCode.Forbidden => StreamingErrorCode.PermissionDenied,
        _ => StreamingErrorCode.UnknownError,
    };
}
