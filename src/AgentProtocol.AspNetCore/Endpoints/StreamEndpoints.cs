using System.Globalization;
using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;
using AgentProtocol.Engine.Threads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>
/// The events of a thread across its runs, and commands to it (wire-contract 6.5, 6.6). The paths below
/// <c>/stream/events</c> are the SDKs' own; <c>/stream</c> is the Agent Protocol's.
/// </summary>
internal static class StreamEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var thread = routes.MapGroup("/threads/{thread_id}").WithTags("Streaming").Reads();
        thread.MapPost("/stream", OpenAsync).Describe("open_thread_sse_stream",
                "Stream the events of a thread that a filter lets pass, across its runs").AnswersEvents().Refuses(404);
        thread.MapPost("/stream/events", OpenForSdkAsync).Describe("open_thread_events",
                "Stream the events of a thread that a filter lets pass, across its runs, as the SDKs do").AnswersEvents().Refuses(404);
        thread.MapGet("/stream", JoinOrConnectAsync).Describe("open_thread_websocket_stream",
                "Upgrade to a WebSocket for the events of a thread and commands to it; without an upgrade, join the thread across its runs")
            .Query("stream_mode", "array", "Without an upgrade: run_modes (default), lifecycle, state_update.")
            .Query("stream_modes", "array", "Another name of stream_mode.")
            .Answers(StatusCodes.Status101SwitchingProtocols).AnswersEvents().Refuses(404).AcceptsWebSockets(routes);
        thread.MapGet("/stream/events", ConnectForSdkAsync).Describe("open_thread_events_websocket",
                "Upgrade to a WebSocket for the events of a thread and commands to it, as the SDKs do")
            .Answers(StatusCodes.Status101SwitchingProtocols).Refuses(404, StatusCodes.Status426UpgradeRequired).AcceptsWebSockets(routes);
        thread.MapPost("/commands", CommandAsync).Describe("send_thread_streaming_command",
                "Send a command of the streaming protocol; a command that is refused is answered with 200 and type error")
            .Answers<StreamingSuccessResponse>();

        // Over HTTP/2 a WebSocket is opened with CONNECT.
        var connect = thread.MapGroup("").ExcludeFromDescription();
        connect.MapMethods("/stream", [HttpMethods.Connect], JoinOrConnectAsync).AcceptsWebSockets(routes);
        connect.MapMethods("/stream/events", [HttpMethods.Connect], ConnectForSdkAsync).AcceptsWebSockets(routes);
    }

    private static Task<IResult> OpenAsync(ThreadId threadId, RequestBody<EventStreamRequest> body, HttpContext context) =>
        AnswerAsync(threadId, body.Value, twins: true, context);

    private static Task<IResult> OpenForSdkAsync(ThreadId threadId, RequestBody<EventStreamRequest> body, HttpContext context) =>
        AnswerAsync(threadId, body.Value, twins: false, context);

    private static async Task<IResult> AnswerAsync(Guid threadId, EventStreamRequest request, bool twins, HttpContext context)
    {
        var filter = EventFilter.Create(request, refusesUnknown: false);
        var stream = await context.OpenThreadAsync(threadId, new ThreadStreamStart(request.Since ?? LastEventId(context.Request)));
        return SseResult.Of(stream, ThreadFrames.Writer(filter, twins));
    }

    private static Task<IResult> JoinOrConnectAsync(ThreadId threadId, ThreadService threads, HttpContext context) =>
        context.WebSockets.IsWebSocketRequest
            ? Task.FromResult<IResult>(new WebSocketResult(threadId, twins: true))
            : JoinAsync(threadId, threads, context);

    private static async Task<IResult> JoinAsync(Guid threadId, ThreadService threads, HttpContext context)
    {
        var join = ThreadJoin.Read(context.Request);
        await threads.GetAsync(context.Owner(), threadId, includeTtl: false, context.RequestAborted);
        var stream = await context.OpenThreadAsync(threadId, ThreadJoin.StartOf(context.Request));
        context.Response.Headers.Location = $"/threads/{threadId}/stream";
        return SseResult.Of(stream, join.Write);
    }

    private static async Task ConnectForSdkAsync(ThreadId threadId, HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            await new WebSocketResult(threadId, twins: false).ExecuteAsync(context);
            return;
        }

        context.Response.Headers.Upgrade = "websocket";
        await ErrorAnswer.WriteAsync(
            context, ErrorCode.BadRequest, "This path answers GET only as a WebSocket; POST a filter to it for server-sent events",
            status: StatusCodes.Status426UpgradeRequired);
    }

    private static async Task<IResult> CommandAsync(
        ThreadId threadId, RequestBody<StreamingCommand> body, CommandDispatcher dispatcher, HttpContext context)
    {
        var command = body.Value;
        FieldErrors errors = default;
        if (command.Id is null or < 0)
        {
            errors.Add("id", "must be an integer of at least 0");
        }

        if (string.IsNullOrEmpty(command.Method))
        {
            errors.Add("method", "is required", "missing");
        }

        errors.ThrowIfAny();
        var answer = await CommandDispatcher.AnswerAsync(command.Id!.Value, () => dispatcher.ExecuteAsync(
            new CommandContext(
                context.Owner(), threadId, new CommandParams(command.Params), context.RequireScope, ConfigurableHeaders.Of(context), context.RequestAborted),
            command.Method!));
        return answer.Success is { } success
            ? JsonResult.Ok(success, ProtocolJsonContext.Default.StreamingSuccessResponse)
            : JsonResult.Ok(answer.Error!, ProtocolJsonContext.Default.StreamingErrorResponse);
    }

    /// <summary>What an <c>EventSource</c> sends by itself when it comes back.</summary>
    private static long? LastEventId(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"].LastOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq : null;

    /// <summary>
    /// Around the endpoint and not for the whole pipeline, whose other WebSockets are the host's concern. Where the host
    /// has put it there, its rules hold here, too.
    /// </summary>
    private static void AcceptsWebSockets(this RouteHandlerBuilder route, IEndpointRouteBuilder routes) => route.Add(endpoint =>
    {
        if (endpoint.RequestDelegate is { } inner)
        {
            var pipeline = routes.CreateApplicationBuilder();
            pipeline.UseWebSockets();
            pipeline.Run(inner);
            endpoint.RequestDelegate = pipeline.Build();
        }
    });
}
