using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Errors;

/// <summary>Writes the one shape of every answer that is not a success.</summary>
internal static class ErrorAnswer
{
    /// <param name="context">The request.</param>
    /// <param name="code">What kind of refusal it is.</param>
    /// <param name="message">What is wrong and, where possible, how to mend it.</param>
    /// <param name="errors">The refused fields, if the refusal is about fields.</param>
    /// <param name="status">A status other than the code's own.</param>
    public static Task WriteAsync(
        HttpContext context, ErrorCode code, string message, IReadOnlyList<FieldError>? errors = null, int? status = null)
    {
        var body = new ErrorResponse
        {
            Code = code.Text,
            Message = message,
            Detail = message,
            Metadata = new ErrorMetadata { Errors = errors },
        };
        return JsonAnswer.WriteAsync(context.Response, status ?? code.Status, body, ProtocolJsonContext.Default.ErrorResponse);
    }

    /// <summary>The sentence for a status that came without a body.</summary>
    public static string MessageFor(HttpContext context, ErrorCode code) => code switch
    {
        ErrorCode.NotFound => $"There is no {context.Request.Method} {context.Request.Path}",
        ErrorCode.MethodNotAllowed =>
            $"{context.Request.Path} does not answer {context.Request.Method}, only {context.Response.Headers.Allow}",
        ErrorCode.Unauthorized => context.Refusal() ?? "Credentials are missing or invalid",
        ErrorCode.Forbidden => context.Refusal() ?? "This operation is not allowed",
        _ => $"The request was refused with status {context.Response.StatusCode}",
    };
}
