namespace AgentProtocol.Contracts.Errors;

/// <summary>The closed set of error codes; each stands for one HTTP status (wire-contract 1.3).</summary>
public enum ErrorCode
{
    /// <summary>400: the request cannot be understood, for example malformed JSON.</summary>
    BadRequest,

    /// <summary>401: credentials are missing or invalid.</summary>
    Unauthorized,

    /// <summary>403: authenticated, but the operation is denied.</summary>
    Forbidden,

    /// <summary>404: the id is unknown, or belongs to another owner.</summary>
    NotFound,

    /// <summary>405: the path exists, the method does not.</summary>
    MethodNotAllowed,

    /// <summary>409: the id exists already, or the thread or run is busy.</summary>
    Conflict,

    /// <summary>413: the body is larger than the configured limit.</summary>
    PayloadTooLarge,

    /// <summary>415: the body is not JSON by its content type.</summary>
    UnsupportedMediaType,

    /// <summary>422: a field has the wrong shape or value.</summary>
    ValidationError,

    /// <summary>429: too many requests.</summary>
    RateLimited,

    /// <summary>500: a defect of the server; its text is never sent.</summary>
    InternalError,

    /// <summary>503: the server cannot answer now, for example because its database is away.</summary>
    Unavailable,
}
