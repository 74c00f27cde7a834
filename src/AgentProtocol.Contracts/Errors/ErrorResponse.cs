using System.Text.Json.Serialization;

namespace AgentProtocol.Contracts.Errors;

/// <summary>The one shape of every answer that is not a success (wire-contract 1.3; schema <c>ErrorResponse</c>).</summary>
public sealed record ErrorResponse
{
    /// <summary>A code of the closed set in <see cref="ErrorCode"/>.</summary>
    public required string Code { get; init; }

    /// <summary>What is wrong and, where possible, how to mend it.</summary>
    public required string Message { get; init; }

    /// <summary>Repeats <see cref="Message"/>: the Python SDK and FastAPI clients look here.</summary>
    public required string Detail { get; init; }

    /// <summary>Further facts; for invalid input <c>errors</c> lists each field.</summary>
    public required ErrorMetadata Metadata { get; init; }
}

/// <summary>The <c>metadata</c> of an <see cref="ErrorResponse"/>.</summary>
public sealed record ErrorMetadata
{
    /// <summary>The fields that were refused; absent when the refusal is not about a field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldError>? Errors { get; init; }
}

/// <summary>One refused field (wire-contract 1.3).</summary>
/// <param name="Loc">Where: <c>body</c>, <c>query</c>, <c>path</c> or <c>header</c>, then the wire names down to the field.</param>
/// <param name="Msg">What is wrong with it.</param>
/// <param name="Type">A short machine-readable kind, such as <c>value_error</c>, <c>missing</c> or <c>not_supported</c>.</param>
public sealed record FieldError(IReadOnlyList<string> Loc, string Msg, string Type);
