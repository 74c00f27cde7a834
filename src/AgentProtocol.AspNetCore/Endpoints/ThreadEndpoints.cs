using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Threads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Threads (wire-contract 3.1 to 3.8).</summary>
internal static class ThreadEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var threads = routes.MapGroup("/threads").WithTags("Threads").Reads();
        threads.MapPost("", CreateAsync).Runs().Describe("create_thread", "Create a thread").TakesKey().Answers<Thread>().Refuses(400, 409);
        threads.MapPost("/search", SearchAsync).Describe("search_threads", "Find threads").Answers<IReadOnlyList<Thread>>();
        threads.MapPost("/count", CountAsync).Describe("count_threads", "Count threads").Answers<long>();
        threads.MapPost("/prune", PruneAsync).Runs()
            .Describe("prune_threads", "Delete several threads, or all but their latest state").Answers<ThreadPruneResponse>();
        threads.MapGet("/{thread_id}", GetAsync).Describe("get_thread", "Read a thread with its current values")
            .Query("include", "array", "Further members to return: ttl.").Answers<Thread>().Refuses(404);
        threads.MapPatch("/{thread_id}", PatchAsync).Runs()
            .Describe("patch_thread", "Merge metadata, values or messages into a thread").Answers<Thread>().Answers(204).Refuses(404, 409);
        threads.MapDelete("/{thread_id}", DeleteAsync).Runs()
            .Describe("delete_thread", "Delete a thread with its runs and its state").Answers(204).Refuses(404);
        threads.MapPost("/{thread_id}/copy", CopyAsync).Runs()
            .Describe("copy_thread", "Copy a thread with its state and its history").Answers<Thread>().Refuses(404);
    }

    private static async Task<IResult> CreateAsync(KeyedBody<ThreadCreate> body, ThreadService threads, HttpContext context)
    {
        ThreadRules.Check(body.Value);
        var thread = await threads.CreateAsync(context.Owner(), body.Value, body.Key, context.RequestAborted);
        return JsonResult.Ok(thread, ProtocolJsonContext.Default.Thread);
    }

    private static async Task<IResult> SearchAsync(RequestBody<ThreadSearchRequest> body, ThreadService threads, HttpContext context)
    {
        ThreadRules.Check(body.Value);
        var page = await threads.SearchAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return body.Value.Select is { Count: > 0 } members
            ? new SelectedResult<Thread>(page.Items, ProtocolJsonContext.Default.Thread, [.. members, "extracted"])
            : JsonResult.Ok(page.Items, ProtocolJsonContext.Default.IReadOnlyListThread);
    }

    private static async Task<IResult> CountAsync(RequestBody<ThreadSearchRequest> body, ThreadService threads, HttpContext context)
    {
        ThreadRules.Check(body.Value);
        var count = await threads.CountAsync(context.Owner(), body.Value, context.RequestAborted);
        return JsonResult.Ok(count, ProtocolJsonContext.Default.Int64);
    }

    private static async Task<IResult> GetAsync(ThreadId threadId, ThreadService threads, HttpContext context)
    {
        var includeTtl = context.Request.QueryList("include")?.Contains("ttl") ?? false;
        var thread = await threads.GetAsync(context.Owner(), threadId, includeTtl, context.RequestAborted);
        return JsonResult.Ok(thread, ProtocolJsonContext.Default.Thread);
    }

    private static async Task<IResult> PatchAsync(
        ThreadId threadId, RequestBody<ThreadPatch> body, ThreadService threads, HttpContext context)
    {
        var checkpointId = ThreadRules.Check(body.Value);
        await threads.PatchAsync(context.Owner(), threadId, body.Value, checkpointId, context.RequestAborted);
        if (context.Request.Headers["Prefer"].Any(value => value?.Contains("return=minimal", StringComparison.OrdinalIgnoreCase) ?? false))
        {
            return TypedResults.NoContent();
        }

        var thread = await threads.GetAsync(context.Owner(), threadId, includeTtl: false, context.RequestAborted);
        return JsonResult.Ok(thread, ProtocolJsonContext.Default.Thread);
    }

    private static async Task<IResult> PruneAsync(RequestBody<ThreadPruneRequest> body, ThreadService threads, HttpContext context)
    {
        ThreadRules.Check(body.Value);
        var pruned = await threads.PruneAsync(
            context.Owner(), body.Value.ThreadIds!, keepLatest: body.Value.Strategy == "keep_latest", context.RequestAborted);
        return JsonResult.Ok(new ThreadPruneResponse(pruned), ProtocolJsonContext.Default.ThreadPruneResponse);
    }

    private static async Task<IResult> CopyAsync(ThreadId threadId, ThreadService threads, HttpContext context)
    {
        var copy = await threads.CopyAsync(context.Owner(), threadId, context.RequestAborted);
        return JsonResult.Ok(copy, ProtocolJsonContext.Default.Thread);
    }

    private static async Task<IResult> DeleteAsync(ThreadId threadId, ThreadService threads, HttpContext context)
    {
        await threads.DeleteAsync(context.Owner(), threadId, context.RequestAborted);
        return TypedResults.NoContent();
    }
}
