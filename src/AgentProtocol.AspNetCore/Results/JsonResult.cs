using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Results;

/// <summary>200 with a JSON body.</summary>
internal sealed class JsonResult<T>(T value, JsonTypeInfo<T> type) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        JsonAnswer.WriteAsync(httpContext.Response, StatusCodes.Status200OK, value, type);
}

internal static class JsonResult
{
    public static JsonResult<T> Ok<T>(T value, JsonTypeInfo<T> type) => new(value, type);
}
