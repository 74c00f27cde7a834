using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Errors;

/// <summary>The table of wire-contract 1.3: each code with its status and its text.</summary>
internal static class ErrorCodes
{
    extension(ErrorCode code)
    {
        public int Status => code switch
        {
            ErrorCode.BadRequest => StatusCodes.Status400BadRequest,
            ErrorCode.Unauthorized => StatusCodes.Status401Unauthorized,
            ErrorCode.Forbidden => StatusCodes.Status403Forbidden,
            ErrorCode.NotFound => StatusCodes.Status404NotFound,
            ErrorCode.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
            ErrorCode.Conflict => StatusCodes.Status409Conflict,
            ErrorCode.PayloadTooLarge => StatusCodes.Status413PayloadTooLarge,
            ErrorCode.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
            ErrorCode.ValidationError => StatusCodes.Status422UnprocessableEntity,
            ErrorCode.RateLimited => StatusCodes.Status429TooManyRequests,
            ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };

        public string Text => code switch
        {
            ErrorCode.BadRequest => "bad_request",
            ErrorCode.Unauthorized => "unauthorized",
            ErrorCode.Forbidden => "forbidden",
            ErrorCode.NotFound => "not_found",
            ErrorCode.MethodNotAllowed => "method_not_allowed",
            ErrorCode.Conflict => "conflict",
            ErrorCode.PayloadTooLarge => "payload_too_large",
            ErrorCode.UnsupportedMediaType => "unsupported_media_type",
            ErrorCode.ValidationError => "validation_error",
            ErrorCode.RateLimited => "rate_limited",
            ErrorCode.Unavailable => "unavailable",
            _ => "internal_error",
        };
    }

    /// <summary>The code of a status that the framework chose.</summary>
    public static ErrorCode Of(int status) => status switch
    {
        401 => ErrorCode.Unauthorized,
        403 => ErrorCode.Forbidden,
        404 => ErrorCode.NotFound,
        405 => ErrorCode.MethodNotAllowed,
        409 => ErrorCode.Conflict,
        413 => ErrorCode.PayloadTooLarge,
        415 => ErrorCode.UnsupportedMediaType,
        422 => ErrorCode.ValidationError,
        429 => ErrorCode.RateLimited,
        502 or 503 or 504 => ErrorCode.Unavailable,
        < 500 => ErrorCode.BadRequest,
        _ => ErrorCode.InternalError,
    };
}
