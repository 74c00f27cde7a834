using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Threads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>The state of a thread, now and in the past (wire-contract 3.9 to 3.14).</summary>
internal static class ThreadStateEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var thread = routes.MapGroup("/threads/{thread_id}").WithTags("Thread State").Reads();
        thread.MapGet("/state", GetAsync).Describe("get_thread_state", "Read the current state of a thread")
            .Query("subgraphs", "boolean", "Whether to include the states of subgraphs; there are none here.")
            .Answers<ThreadState>().Refuses(404);
        thread.MapGet("/state/{checkpoint_id}", GetAtAsync).Describe("get_thread_state_at", "Read the state of a thread at a checkpoint")
            .Query("subgraphs", "boolean", "Whether to include the states of subgraphs; there are none here.")
            .Answers<ThreadState>().Refuses(404);
        thread.MapPost("/state/checkpoint", GetAtCheckpointAsync)
            .Describe("get_thread_state_at_checkpoint", "Read the state of a thread at the checkpoint of the body")
            .Answers<ThreadState>().Refuses(404);
        thread.MapPost("/state", UpdateAsync).Runs().Describe("update_thread_state", "Merge values into the state of a thread that is not busy")
            .Answers<ThreadStateUpdateResponse>().Refuses(400, 404, 409);
        thread.MapPatch("/state", PatchAsync).Runs().Describe("patch_thread_state", "Merge metadata into a thread").Answers(204).Refuses(404);
        thread.MapGet("/history", ListHistory).Describe("get_thread_history", "List past states of a thread, newest first")
            .Query("limit", "integer", "At most this many, 1 to 1000; 10 by default.")
            .Query("before", "string", "Only states older than this checkpoint.")
            .Answers<IReadOnlyList<ThreadState>>().Refuses(404);
        thread.MapPost("/history", SearchHistory).Describe("search_thread_history", "Find past states of a thread, newest first")
            .Answers<IReadOnlyList<ThreadState>>().Refuses(404);
    }

    private static async Task<IResult> GetAsync(ThreadId threadId, ThreadService threads, HttpContext context)
    {
        context.Request.QueryFlag("subgraphs");
        return await StateAsync(threadId, null, threads, context);
    }

    private static async Task<IResult> GetAtAsync(
        ThreadId threadId, CheckpointId checkpointId, ThreadService threads, HttpContext context)
    {
        context.Request.QueryFlag("subgraphs");
        return await StateAsync(threadId, checkpointId, threads, context);
    }

    private static Task<IResult> GetAtCheckpointAsync(
        ThreadId threadId, RequestBody<ThreadStateRequest> body, ThreadService threads, HttpContext context) =>
        StateAsync(threadId, HistoryRules.Check(body.Value), threads, context);

    private static async Task<IResult> UpdateAsync(
        ThreadId threadId, RequestBody<ThreadStateUpdate> body, ThreadService threads, HttpContext context)
    {
        var checkpointId = ThreadRules.Check(body.Value);
        var updated = await threads.UpdateStateAsync(context.Owner(), threadId, body.Value, checkpointId, context.RequestAborted);
        return JsonResult.Ok(updated, ProtocolJsonContext.Default.ThreadStateUpdateResponse);
    }

    private static async Task<IResult> PatchAsync(
        ThreadId threadId, RequestBody<ThreadStatePatch> body, ThreadService threads, HttpContext context)
    {
        ThreadRules.Check(body.Value);
        var patch = new ThreadPatch { Metadata = body.Value.Metadata };
        await threads.PatchAsync(context.Owner(), threadId, patch, checkpointId: null, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static StreamedList<ThreadState> ListHistory(ThreadId threadId, ThreadService threads, HttpContext context)
    {
        var before = context.Request.Query["before"].LastOrDefault();
        Guid? checkpointId = string.IsNullOrEmpty(before) ? null
            : Guid.TryParseExact(before, "D", out var id) ? id
            : throw ProtocolException.InvalidQuery("before", "must be the UUID of a checkpoint");
        var history = new ThreadHistoryRequest
        {
            Limit = context.Request.QueryInt("limit", Limits.DefaultLimit, 1, Limits.MaxLimit),
            Before = HistoryRules.Before(checkpointId),
        };
        return History(threadId, history, threads, context);
    }

    private static StreamedList<ThreadState> SearchHistory(
        ThreadId threadId, RequestBody<ThreadHistoryRequest> body, ThreadService threads, HttpContext context) =>
        History(threadId, HistoryRules.Check(body.Value), threads, context);

    private static async Task<IResult> StateAsync(Guid threadId, Guid? checkpointId, ThreadService threads, HttpContext context)
    {
        var state = await threads.GetStateAsync(context.Owner(), threadId, checkpointId, context.RequestAborted);
        return JsonResult.Ok(state, ProtocolJsonContext.Default.ThreadState);
    }

    private static StreamedList<ThreadState> History(
        Guid threadId, ThreadHistoryRequest history, ThreadService threads, HttpContext context) =>
        new(threads.GetHistoryAsync(context.Owner(), threadId, history, context.RequestAborted), ProtocolJsonContext.Default.ThreadState);
}
