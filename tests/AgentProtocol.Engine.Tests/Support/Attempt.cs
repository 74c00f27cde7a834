using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>One execution of a run that says and writes only what the test tells it to; its pages are the real ones.</summary>
internal sealed class Attempt
{
    private readonly QueueHarness queue;
    private readonly RunRecorder recorder;
    private int taken;

    private Attempt(QueueHarness queue, ClaimedRun claim, RunRecorder recorder) =>
        (this.queue, Claim, this.recorder) = (queue, claim, recorder);

    public ClaimedRun Claim { get; }

    /// <summary>Loads the run and records its beginning, which is not written yet.</summary>
    public static async Task<Attempt> BeginAsync(QueueHarness queue, ClaimedRun claim)
    {
        var request = RunRequest.Parse(claim.Order!.Request);
        var start = await queue.Loader.LoadAsync(claim, request, TestContext.Current.CancellationToken);
        Assert.NotNull(start);
        var recorder = new RunRecorder(claim, request, start, claim.Order.Agent, CancelLifecycle.Interrupted, TimeProvider.System);
        if (start.InputMerged)
        {
            recorder.Resume();
        }
        else
        {
            recorder.Begin(request, [.. start.CarriedRequests.Select(RunRequest.Parse)]);
        }

        return new Attempt(queue, claim, recorder) { taken = start.TakenUpdates };
    }

    /// <summary>A step that answers with a message.</summary>
    public Attempt Say(string text) => Update($$"""{"messages":[{"type":"ai","content":"{{text}}"}]}""");

    public Attempt Update(string json)
    {
        recorder.Record(new AgentEvent.StateUpdate("echo", Json(json)));
        return this;
    }

    /// <summary>An event without state.</summary>
    public Attempt Show(string json)
    {
        recorder.Record(new AgentEvent.Custom(Json(json)));
        return this;
    }

    public void Record(AgentEvent happened) => recorder.Record(happened);

    /// <summary>Takes what the run was told, as its inbox does; it is not written yet.</summary>
    public async Task<Attempt> TakeAsync()
    {
        var untaken = await queue.Updates.ReadUntakenAsync(Claim.RunId, taken, TestContext.Current.CancellationToken);
        taken = untaken[^1].N;
        recorder.Take([.. untaken.Select(update => RunRequest.Parse(update.Request))], taken);
        return this;
    }

    /// <summary>Goes on after an end that was refused because the run was told something.</summary>
    public Task<bool> GoOnAsync(RunEnding refused) => WriteAsync(recorder.TakeBackEnd(refused.Page));

    public RunPage Freeze() => recorder.Freeze();

    public Task<bool> WriteAsync() => WriteAsync(Freeze());

    public Task<bool> WriteAsync(RunPage page) => queue.Log.AppendAsync(page, CancellationToken.None);

    public Task<EndingResult> SucceedAsync() => EndAsync(RunOutcome.Succeeded);

    public Task<EndingResult> EndAsync(RunOutcome outcome) => EndAsync(End(outcome));

    public Task<EndingResult> EndAsync(RunEnding ending) => queue.Completion.FinishAsync(ending, CancellationToken.None);

    public RunEnding End(RunOutcome outcome)
    {
        recorder.End(outcome);
        return new RunEnding(Freeze(), outcome, Claim.Attempt) { Webhook = WebhookCall.Of(Claim.Order!.Request, recorder.State) };
    }

    public Task<EndingResult> RollBackAsync() => queue.Completion.RollBackAsync(Claim, CancellationToken.None);

    private static JsonElement Json(string json) => JsonText.Parse(json);
}
