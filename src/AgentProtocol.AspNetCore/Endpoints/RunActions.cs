using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Access;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>What the routes below a thread and the top-level routes have in common (wire-contract 12 row 1).</summary>
internal static class RunActions
{
    public static async Task<IResult> CreateAsync(Guid? threadId, RunBody body, RunService runs, HttpContext context)
    {
        var created = await CreateAsync(threadId, body, RunReader.None, runs, context);
        RunAddress.Of(created).SetContentLocation(context.Response);
        return JsonResult.Ok(created.Run, ProtocolJsonContext.Default.Run);
    }

    public static async Task<IResult> CreateAndStreamAsync(Guid? threadId, RunBody body, RunService runs, HttpContext context)
    {
        var created = await CreateAsync(threadId, body, RunReader.Stream, runs, context);
        RunAddress.Of(created).SetLocations(context.Response, "stream");
        return SseResult.Of(WithEnd(created.Stream!, context), Lost(runs, context.Owner(), created.Run.RunId, created.CancelOnDisconnect));
    }

    public static async Task<IResult> CreateAndWaitAsync(
        Guid? threadId, RunBody body, WaitShape shape, RunService runs, HttpContext context)
    {
        var created = await CreateAsync(threadId, body, RunReader.Wait, runs, context);
        var (owner, run) = (context.Owner(), created.Run);
        RunAddress.Of(created).SetLocations(context.Response, "join");
        return new WaitResult(
            run,
            shape,
            cancellationToken => runs.WaitAsync(owner, run.ThreadId, run.RunId, cancellationToken),
            Lost(runs, owner, run.RunId, created.CancelOnDisconnect));
    }

    /// <summary>Waits for a run that exists already. It is read first, because after the headers no 404 is possible.</summary>
    public static async Task<IResult> WaitAsync(Guid? threadId, Guid runId, WaitShape shape, RunService runs, HttpContext context)
    {
        var owner = context.Owner();
        var cancels = ReadCancels(context);
        var run = await runs.GetAsync(owner, threadId, runId, context.RequestAborted);
        new RunAddress(threadId, runId).SetLocations(context.Response, shape == WaitShape.Envelope ? "wait" : "join");
        return new WaitResult(
            run, shape, cancellationToken => runs.WaitAsync(owner, threadId, runId, cancellationToken), Lost(runs, owner, runId, cancels));
    }

    public static async Task<IResult> StreamAsync(Guid? threadId, Guid runId, RunService runs, HttpContext context)
    {
        var owner = context.Owner();
        var cancels = ReadCancels(context);
        var stream = await runs.OpenStreamAsync(owner, threadId, runId, RunRules.ReadStream(context.Request), context.RequestAborted);
        new RunAddress(stream.Stateless ? null : stream.ThreadId, runId).SetLocations(context.Response, "stream");
        return SseResult.Of(WithEnd(stream, context), Lost(runs, owner, runId, cancels));
    }

    public static async Task<IResult> DeleteAsync(Guid? threadId, Guid runId, RunService runs, HttpContext context)
    {
        await runs.DeleteAsync(context.Owner(), threadId, runId, context.Request.QueryFlag("force"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>Cancels; with <c>wait</c> the answer comes when the run has ended.</summary>
    public static async Task CancelAsync(Guid? threadId, Guid runId, bool wait, RunService runs, HttpContext context)
    {
        await runs.CancelAsync(
            context.Owner(), threadId, runId, RunRules.ReadAction(context.Request), wait, context.RequestAborted);
        if (wait)
        {
            context.Response.Headers.Location = new RunAddress(threadId, runId).Path + "/join";
        }
    }

    private static Task<CreatedRun> CreateAsync(Guid? threadId, RunBody body, RunReader reader, RunService runs, HttpContext context) =>
        runs.CreateAsync(
            context.Owner(),
            new NewRun(threadId ?? body.Request.ThreadId, body.Request, body.Text, reader, RequestKeys.Read(context.Request, body.Text)),
            context.RequestAborted);

    /// <summary>Whoever may only read a run may not end it by hanging up either.</summary>
    private static bool ReadCancels(HttpContext context)
    {
        var cancels = context.Request.QueryFlag("cancel_on_disconnect");
        if (cancels)
        {
            context.RequireScope(AccessScopes.Run);
        }

        return cancels;
    }

    private static RunStream WithEnd(RunStream stream, HttpContext context) =>
        context.RequestServices.GetRequiredService<IOptions<RunsOptions>>().Value.EmitEndEvent ? new StreamWithEnd(stream) : stream;

    private static Func<Task>? Lost(RunService runs, string owner, Guid runId, bool cancels) =>
        cancels ? () => runs.DisconnectAsync(owner, runId) : null;
}
