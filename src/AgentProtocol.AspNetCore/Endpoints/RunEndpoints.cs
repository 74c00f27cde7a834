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

/// <summary>The runs of a thread (wire-contract 4.2).</summary>
internal static class RunEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var runs = routes.MapGroup("/threads/{thread_id}/runs").WithTags("Thread Runs").Reads();
        runs.MapPost("", CreateAsync).Runs().Describe("create_thread_run", "Start a run in the background").TakesKey().Answers<Run>().Refuses(404, 409);
        runs.MapPost("/stream", CreateAndStreamAsync).Runs()
            .Describe("stream_thread_run", "Start a run and stream its events").TakesKey().AnswersEvents().Refuses(404, 409);
        runs.MapPost("/wait", CreateAndWaitAsync).Runs()
            .Describe("wait_thread_run", "Start a run and wait for its values").TakesKey().Answers<RawJson>().Refuses(404, 409);
        runs.MapGet("", ListAsync).Describe("list_thread_runs", "List the runs of a thread, newest first")
            .Query("limit", "integer", "At most this many, 1 to 1000; 10 by default.")
            .Query("offset", "integer", "Skip this many; 0 by default.")
            .Query("status", "string", "Only runs of this status.")
            .Query("select", "array", "Return only these members of each run.")
            .Query("metadata", "string", "Only runs whose metadata contains this JSON object.")
            .Answers<IReadOnlyList<Run>>().Refuses(404);
        runs.MapGet("/{run_id}", GetAsync).Describe("get_thread_run", "Read a run").Answers<Run>().Refuses(404);
        runs.MapDelete("/{run_id}", DeleteAsync).Runs().Describe("delete_thread_run", "Delete a run that has ended")
            .Query("force", "boolean", "Cancel it first when it has not ended.").Answers(204).Refuses(404, 409);
        runs.MapGet("/{run_id}/join", JoinAsync).Describe("join_thread_run", "Wait for a run and read the values after it")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.").Answers<RawJson>().Refuses(404);
        runs.MapGet("/{run_id}/wait", WaitAsync).Describe("wait_existing_thread_run", "Wait for a run and read it with its values")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.").Answers<RunWaitResponse>().Refuses(404);
        runs.MapGet("/{run_id}/stream", StreamAsync).Describe("join_thread_run_stream", "Stream the events of a run")
            .Query("cancel_on_disconnect", "boolean", "Cancel the run when this request is dropped.")
            .Query("stream_mode", "array", "Only these stream modes.").AnswersEvents().Refuses(404);
        runs.MapPost("/{run_id}/cancel", CancelAsync).Runs().Describe("cancel_thread_run", "Cancel a run")
            .Query("wait", "boolean", "Answer when the run has ended.")
            .Query("action", "string", "interrupt (default) or rollback.").Answers(202).Answers(204).Refuses(404);
    }

    private static Task<IResult> CreateAsync(ThreadId threadId, RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAsync(threadId, body, runs, context);

    private static Task<IResult> CreateAndStreamAsync(ThreadId threadId, RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAndStreamAsync(threadId, body, runs, context);

    private static Task<IResult> CreateAndWaitAsync(ThreadId threadId, RunBody body, RunService runs, HttpContext context) =>
        RunActions.CreateAndWaitAsync(threadId, body, WaitShape.Values, runs, context);

    private static async Task<IResult> ListAsync(ThreadId threadId, RunService runs, HttpContext context)
    {
        var members = RunRules.ReadSelect(context.Request);
        var list = await runs.ListAsync(context.Owner(), threadId, RunRules.ReadList(context.Request), context.RequestAborted);
        return members is null
            ? JsonResult.Ok(list, ProtocolJsonContext.Default.IReadOnlyListRun)
            : new SelectedResult<Run>(list, ProtocolJsonContext.Default.Run, members);
    }

    private static async Task<IResult> GetAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context)
    {
        var run = await runs.GetAsync(context.Owner(), threadId, runId, context.RequestAborted);
        return JsonResult.Ok(run, ProtocolJsonContext.Default.Run);
    }

    private static Task<IResult> DeleteAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context) =>
        RunActions.DeleteAsync(threadId, runId, runs, context);

    private static Task<IResult> JoinAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context) =>
        RunActions.WaitAsync(threadId, runId, WaitShape.Values, runs, context);

    private static Task<IResult> WaitAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context) =>
        RunActions.WaitAsync(threadId, runId, WaitShape.Envelope, runs, context);

    private static Task<IResult> StreamAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context) =>
        RunActions.StreamAsync(threadId, runId, runs, context);

    /// <summary>202 or 204, because the JavaScript SDK wants JSON from every other success (wire-contract 13.1).</summary>
    private static async Task<IResult> CancelAsync(ThreadId threadId, RunId runId, RunService runs, HttpContext context)
    {
        var wait = context.Request.QueryFlag("wait");
        await RunActions.CancelAsync(threadId, runId, wait, runs, context);
        return wait ? TypedResults.NoContent() : TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }
}
