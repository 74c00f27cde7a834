using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Engine.Crons;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Crons (wire-contract 10).</summary>
internal static class CronEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapPost("/threads/{thread_id}/runs/crons", CreateForThreadAsync).WithTags("Crons").Runs()
            .Describe("create_thread_cron", "Start runs on a thread by a schedule").Answers<Cron>().Refuses(404);
        var crons = routes.MapGroup("/runs/crons").WithTags("Crons").Reads();
        crons.MapPost("", CreateAsync).Runs()
            .Describe("create_cron", "Start runs by a schedule, each on a thread of its own").Answers<Cron>().Refuses(404);
        crons.MapPost("/search", SearchAsync).Describe("search_crons", "Find crons").Answers<IReadOnlyList<Cron>>();
        crons.MapPost("/count", CountAsync).Describe("count_crons", "Count crons").Answers<long>();
        crons.MapPatch("/{cron_id}", PatchAsync).Runs().Describe("patch_cron", "Change a cron").Answers<Cron>().Refuses(404);
        crons.MapDelete("/{cron_id}", DeleteAsync).Runs().Describe("delete_cron", "Delete a cron; its runs stay").Answers(204).Refuses(404);
    }

    private static Task<IResult> CreateAsync(CronBody<CronCreate> body, CronService crons, HttpContext context) =>
        StoreAsync(null, body, crons, context);

    private static Task<IResult> CreateForThreadAsync(ThreadId threadId, CronBody<CronCreate> body, CronService crons, HttpContext context) =>
        StoreAsync(threadId.Value, body, crons, context);

    private static async Task<IResult> StoreAsync(Guid? threadId, CronBody<CronCreate> body, CronService crons, HttpContext context)
    {
        var cron = await crons.CreateAsync(context.Owner(), threadId, body.Request, body.Text, context.RequestAborted);
        return JsonResult.Ok(cron, ProtocolJsonContext.Default.Cron);
    }

    private static async Task<IResult> SearchAsync(RequestBody<CronSearchRequest> body, CronService crons, HttpContext context)
    {
        CronRules.Check(body.Value);
        var page = await crons.SearchAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return body.Value.Select is { Count: > 0 } members
            ? new SelectedResult<Cron>(page.Items, ProtocolJsonContext.Default.Cron, members)
            : JsonResult.Ok(page.Items, ProtocolJsonContext.Default.IReadOnlyListCron);
    }

    private static async Task<IResult> CountAsync(RequestBody<CronSearchRequest> body, CronService crons, HttpContext context)
    {
        CronRules.Check(body.Value);
        var count = await crons.CountAsync(context.Owner(), body.Value, context.RequestAborted);
        return JsonResult.Ok(count, ProtocolJsonContext.Default.Int64);
    }

    private static async Task<IResult> PatchAsync(CronId cronId, CronBody<CronPatch> body, CronService crons, HttpContext context)
    {
        var cron = await crons.PatchAsync(context.Owner(), cronId, body.Request, body.Text, context.RequestAborted);
        return JsonResult.Ok(cron, ProtocolJsonContext.Default.Cron);
    }

    private static async Task<IResult> DeleteAsync(CronId cronId, CronService crons, HttpContext context)
    {
        await crons.DeleteAsync(context.Owner(), cronId, context.RequestAborted);
        return TypedResults.NoContent();
    }
}
