namespace AgentProtocol.Contracts.Errors;

/// <summary>
/// A refusal that the caller is told about. Services throw it; each transport turns it into its own error shape.
/// A defect is never one of these.
/// </summary>
public sealed class ProtocolException(ErrorCode code, string message, IReadOnlyList<FieldError>? errors = null)
    : Exception(message)
{
    /// <summary>What kind of refusal it is.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>The refused fields, if the refusal is about fields.</summary>
    public IReadOnlyList<FieldError>? Errors { get; } = errors;

    /// <summary>A thread that is unknown to this caller.</summary>
    public static ProtocolException ThreadNotFound(Guid threadId) => new(ErrorCode.NotFound, $"Thread {threadId} not found");

    /// <summary>A run that is unknown to this caller, or not on the thread it was asked for.</summary>
    public static ProtocolException RunNotFound(Guid runId) => new(ErrorCode.NotFound, $"Run {runId} not found");

    /// <summary>A cron that is unknown to this caller.</summary>
    public static ProtocolException CronNotFound(Guid cronId) => new(ErrorCode.NotFound, $"Cron {cronId} not found");

    /// <summary>A run body that names an assistant nobody registered; clients match on the first words (wire-contract 8.2).</summary>
    public static ProtocolException AssistantNotFound(string id) =>
        new(ErrorCode.NotFound, $"No assistant found for \"{id}\"");

    /// <summary>A state that is in conflict with the request.</summary>
    public static ProtocolException Conflict(string message) => new(ErrorCode.Conflict, message);

    /// <summary>One field of the body has the wrong shape or value.</summary>
    /// <param name="path">The wire name; a dot leads into an object, as in <c>config.configurable</c>.</param>
    /// <param name="problem">What is wrong, as the rest of a sentence that begins with the field's name.</param>
    /// <param name="type">The machine-readable kind.</param>
    public static ProtocolException InvalidField(string path, string problem, string type = "value_error") =>
        Invalid("body", path, problem, type);

    /// <summary>One query parameter has the wrong shape or value.</summary>
    public static ProtocolException InvalidQuery(string name, string problem) => Invalid("query", name, problem, "value_error");

    /// <summary>One path parameter has the wrong shape or value.</summary>
    public static ProtocolException InvalidPath(string name, string problem) => Invalid("path", name, problem, "value_error");

    /// <summary>One request header has the wrong shape or value.</summary>
    public static ProtocolException InvalidHeader(string name, string problem) => Invalid("header", name, problem, "value_error");

    /// <summary>The same refusal, said of one item of a list.</summary>
    /// <param name="place">The item's place, from 0.</param>
    public ProtocolException At(int place)
    {
        var index = place.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new(Code, $"{index}: {Message}", Errors is null ? null : [.. Errors.Select(error => error with { Loc = [error.Loc[0], index, .. error.Loc.Skip(1)] })]);
    }

    private static ProtocolException Invalid(string place, string path, string problem, string type) =>
        new(ErrorCode.ValidationError, $"{path}: {problem}", [new FieldError([place, .. path.Split('.')], problem, type)]);
}
