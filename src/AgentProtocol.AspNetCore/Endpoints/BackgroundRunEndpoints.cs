using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Runs that are addressed without their thread: Agent Protocol runs and stateless ones (wire-contract 4.3).</summary>
internal static class BackgroundRunEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var runs = routes.MapGroup("/runs").WithTags("Runs").Reads();
        runs.MapPost("", CreateAsync).Runs().Describe("create_run", "Start a run in the background").TakesKey().Answers<Run>().Refuses(404, 409);
        runs.MapPost("/stream", CreateAndStreamAsync).Runs()
            .Describe("create_and_stream_run", "Start a run and stream its events").TakesKey().AnswersEvents().Refuses(404, 409);
        runs.MapPost("/wait", CreateAndWaitAsync).Runs().Describe("create_and_wait_run",
                "Start a run and wait for it; answers bare values when the body has an assistant_id").TakesKey().Answers<RunWaitResponse>().Refuses(404, 409);
        runs.MapPost("/search", SearchAsync).Describe("search_runs", "Find runs").Answers<IReadOnlyList<Run>>();
        runs.MapPost("/batch", CreateBatchAsync).Runs().Describe("create_runs", "Start several runs in the background, all or none").Answers<IReadOnlyList<Run>>().Refuses(404, 409);
        runs.MapPost("/cancel", CancelManyAsync).Runs().Describe("cancel_runs", "Cancel the runs of a list or of a status")
            .Query("action", "string", "interrupt (default) or rollback.").Answers(204).Refuses(404);
        runs.MapGet("/{run_id}", GetAsync).Describe("get_run", "Read a run").Answers<Run>().Refuses(404);
        runs.MapDelete("/{run_id}", DeleteAsync).Runs().Describe("delete_run", "Delete a run that has ended")
            .Query("force", "boolean", "Cancel it first when it has not ended.").Answers(204).Refuses(404, 409);
        runs.MapGet("/{run_id}/wait", WaitAsync).Describe("wait_run", "Wait for a run and read it with its values")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.").Answers<RunWaitResponse>().Refuses(404);
        runs.MapGet("/{run_id}/join", JoinAsync).Describe("join_run", "Wait for a run and read the values after it")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.").Answers<RawJson>().Refuses(404);
        runs.MapGet("/{run_id}/stream", StreamAsync).Describe("stream_run", "Stream the events of a run")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.")
            .Query("stream_mode", "array", "Only these stream modes.").AnswersEvents().Refuses(404);
        runs.MapPost("/{run_id}/cancel", CancelAsync).Runs().Describe("cancel_run", "Cancel a run")
            .Query("wait", "boolean", "Answer when the run has ended.")
            .Query("action", "string", "interrupt (default) or rollback.").Answers(204).Refuses(404);
    }

    private static Task<IResult> CreateAsync(RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAsync(null, body, runs, context);

    private static Task<IResult> CreateAndStreamAsync(RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAndStreamAsync(null, body, runs, context);

    /// <summary>SDKs always send an assistant id and want values; Agent Protocol clients want the envelope (wire-contract 12 row 2).</summary>
    private static Task<IResult> CreateAndWaitAsync(RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAndWaitAsync(
            null, body, body.Request.AssistantId is null ? WaitShape.Envelope : WaitShape.Values, runs, context);

    private static async Task<IResult> CreateBatchAsync(RunBatchBody body, BulkRunService runs, HttpContext context)
    {
        var created = await runs.CreateAsync(
            context.Owner(), [.. body.Runs.Select((run, place) => new NewRun(
                run.Request.ThreadId, run.Request, run.Text, RunReader.None, RequestKeys.Read(context.Request, run.Text) is { } key ? key with { Item = place } : null))], context.RequestAborted);
        return JsonResult.Ok(created, ProtocolJsonContext.Default.IReadOnlyListRun);
    }

    private static async Task<IResult> CancelManyAsync(RequestBody<RunsCancel> body, BulkRunService runs, HttpContext context)
    {
        RunRules.Check(body.Value);
        await runs.CancelAsync(context.Owner(), body.Value, RunRules.ReadAction(context.Request), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> SearchAsync(RequestBody<RunSearchRequest> body, RunService runs, HttpContext context)
    {
        RunRules.Check(body.Value);
        var page = await runs.SearchAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return JsonResult.Ok<IReadOnlyList<Run>>(
            [.. page.Items.Select(ProtocolRuns.AsProtocolShows)], ProtocolJsonContext.Default.IReadOnlyListRun);
    }

    private static async Task<IResult> GetAsync(RunId runId, RunService runs, HttpContext context)
    {
        var run = await runs.GetAsync(context.Owner(), null, runId, context.RequestAborted);
        return JsonResult.Ok(run.AsProtocolShows(), ProtocolJsonContext.Default.Run);
    }

    private static Task<IResult> DeleteAsync(RunId runId, RunService runs, HttpContext context) =>
        RunActions.DeleteAsync(null, runId, runs, context);

    private static Task<IResult> WaitAsync(RunId runId, RunService runs, HttpContext context) =>
        RunActions.WaitAsync(null, runId, WaitShape.Envelope, runs, context);

    private static Task<IResult> JoinAsync(RunId runId, RunService runs, HttpContext context) =>
        RunActions.WaitAsync(null, runId, WaitShape.Values, runs, context);

    private static Task<IResult> StreamAsync(RunId runId, RunService runs, HttpContext context) =>
        RunActions.StreamAsync(null, runId, runs, context);

    private static async Task<IResult> CancelAsync(RunId runId, RunService runs, HttpContext context)
    {
        await RunActions.CancelAsync(null, runId, context.Request.QueryFlag("wait"), runs, context);
        return TypedResults.NoContent();
    }
}
