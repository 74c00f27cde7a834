using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>
/// An operation's id in the document. It is not the endpoint's name, because names are unique in a host and a host may
/// map the server twice.
/// </summary>
internal sealed record OperationId(string Value);

/// <summary>A query parameter that a handler reads by itself.</summary>
internal sealed record QueryParameter(string Name, string Type, string Description);

/// <summary>Marks an answer that is a stream of events.</summary>
internal sealed class EventStreamAnswer;

/// <summary>Marks a creating request that may be repeated under the header <c>Idempotency-Key</c>.</summary>
internal sealed class TakesIdempotencyKey
{
    public static TakesIdempotencyKey Instance { get; } = new();
}

/// <summary>The words with which routes say what they are; the OpenAPI document is made of them.</summary>
internal static class OperationMetadata
{
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string operationId, string summary) =>
        route.WithSummary(summary).WithMetadata(new OperationId(operationId)).Refuses(StatusCodes.Status422UnprocessableEntity);

    public static RouteHandlerBuilder Query(this RouteHandlerBuilder route, string name, string type, string description) =>
        route.WithMetadata(new QueryParameter(name, type, description));

    /// <summary>Says that the request may be repeated under a key.</summary>
    public static RouteHandlerBuilder TakesKey(this RouteHandlerBuilder route) => route.WithMetadata(TakesIdempotencyKey.Instance);

    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));

    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder route, int status) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status));

    public static RouteHandlerBuilder AnswersEvents(this RouteHandlerBuilder route) =>
        route.WithMetadata(new EventStreamAnswer(), new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]));

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ErrorResponse), ["application/json"]));
        }

        return route;
    }
}
