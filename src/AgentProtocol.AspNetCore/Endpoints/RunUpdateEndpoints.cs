using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>What callers tell runs in flight (ours; no other server has it).</summary>
internal static class RunUpdateEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var ofThread = routes.MapGroup("/threads/{thread_id}/runs/{run_id}/updates").WithTags("Thread Runs").Reads();
        ofThread.MapPost("", AddToThreadRunAsync).Runs().Describe("update_thread_run", "Give messages to a run in flight, which goes on with them")
            .TakesKey().Answers<RunUpdate>().Refuses(404, 409);
        ofThread.MapGet("", ListOfThreadRunAsync).Describe("list_thread_run_updates", "List what a run was told, oldest first")
            .Answers<IReadOnlyList<RunUpdate>>().Refuses(404);

        var alone = routes.MapGroup("/runs/{run_id}/updates").WithTags("Runs").Reads();
        alone.MapPost("", AddToRunAsync).Runs().Describe("update_run", "Give messages to a run in flight, which goes on with them")
            .TakesKey().Answers<RunUpdate>().Refuses(404, 409);
        alone.MapGet("", ListOfRunAsync).Describe("list_run_updates", "List what a run was told, oldest first")
            .Answers<IReadOnlyList<RunUpdate>>().Refuses(404);
    }

    private static Task<IResult> AddToThreadRunAsync(ThreadId threadId, RunId runId, RunUpdateBody body, RunUpdateService updates, HttpContext context) =>
        AddAsync(threadId, runId, body, updates, context);

    private static Task<IResult> AddToRunAsync(RunId runId, RunUpdateBody body, RunUpdateService updates, HttpContext context) =>
        AddAsync(null, runId, body, updates, context);

    private static Task<IResult> ListOfThreadRunAsync(ThreadId threadId, RunId runId, RunUpdateService updates, HttpContext context) =>
        ListAsync(threadId, runId, updates, context);

    private static Task<IResult> ListOfRunAsync(RunId runId, RunUpdateService updates, HttpContext context) =>
        ListAsync(null, runId, updates, context);

    private static async Task<IResult> AddAsync(Guid? threadId, Guid runId, RunUpdateBody body, RunUpdateService updates, HttpContext context)
    {
        var update = await updates.AddAsync(context.Owner(), threadId, runId, body.Update, context.RequestAborted);
        return JsonResult.Ok(update, ProtocolJsonContext.Default.RunUpdate);
    }

    private static async Task<IResult> ListAsync(Guid? threadId, Guid runId, RunUpdateService updates, HttpContext context)
    {
        var list = await updates.ListAsync(context.Owner(), threadId, runId);
        return JsonResult.Ok(list, ProtocolJsonContext.Default.IReadOnlyListRunUpdate);
    }
}
