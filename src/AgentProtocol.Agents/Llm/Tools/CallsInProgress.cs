using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Calls that are being made, all at once.</summary>
internal sealed class CallsInProgress : IAsyncDisposable
{
    private readonly Toolbox toolbox;
    private readonly AgentContext context;
    private readonly Channel<Happening> happened = Channel.CreateUnbounded<Happening>();
    private readonly CancellationTokenSource stop;
    private readonly CancellationTokenRegistration stopping;
    private readonly Task work;

    private CallsInProgress(IReadOnlyList<Decision> decisions, Toolbox toolbox, AgentContext context, CancellationToken cancellationToken)
    {
        (this.toolbox, this.context) = (toolbox, context);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopping = cancellationToken.Register(() => happened.Writer.TryWrite(new Happening()));
        work = MakeAllAsync(decisions);
    }

    /// <summary>Begins to make the calls.</summary>
    /// <param name="decisions">The calls, and what was decided about them.</param>
    /// <param name="toolbox">Has the tools.</param>
    /// <param name="context">The run.</param>
    /// <param name="cancellationToken">Stops them.</param>
    public static CallsInProgress Start(
        IReadOnlyList<Decision> decisions, Toolbox toolbox, AgentContext context, CancellationToken cancellationToken) =>
        new(decisions, toolbox, context, cancellationToken);

    /// <summary>All that happens until every call has ended, also when they are stopped: what they still have to say was done all the same.</summary>
    public async IAsyncEnumerable<Happening> ReadAsync()
    {
        await foreach (var each in happened.Reader.ReadAllAsync(CancellationToken.None))
        {
            yield return each;
        }

        await work;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // Whoever stops reading must not leave calls behind that go on.
        await stop.CancelAsync();
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stopping.DisposeAsync();
        stop.Dispose();
    }

    private async Task MakeAllAsync(IEnumerable<Decision> decisions)
    {
        try
        {
            // Each on a thread of its own account: a function that blocks must not hold up the others.
            await Task.WhenAll(decisions.Select(decision => Task.Run(() => MakeAsync(decision))));
        }
        finally
        {
            happened.Writer.Complete();
        }
    }

    private async Task MakeAsync(Decision decision)
    {
        var call = decision.Call;
        if (decision.Rejection is { } rejection)
        {
            Tell(new Happening(Result: new ToolResult(call, rejection, IsError: true)));
            return;
        }

        if (stop.IsCancellationRequested)
        {
            return;
        }

        Tell(new Happening(new AgentEvent.ToolStarted(call.Id, call.Name, call.Arguments)));
        if (await ResultOfAsync(call, stop.Token) is { } result)
        {
            Tell(new Happening(result.IsError
                ? new AgentEvent.ToolFailed(call.Id, result.Text)
                : new AgentEvent.ToolFinished(call.Id, JsonSerializer.SerializeToElement(result.Text, AIJsonUtilities.DefaultOptions))));
            Tell(new Happening(Result: result));
        }
    }

    /// <returns>Null when the call was stopped before it had a result.</returns>
    private async Task<ToolResult?> ResultOfAsync(ToolCall call, CancellationToken cancellationToken)
    {
        if (call.Mistake is { } mistake)
        {
            return new ToolResult(call, mistake, IsError: true);
        }

        if (toolbox.Find(call.Name) is not { } tool)
        {
            return new ToolResult(call, $"There is no tool \"{call.Name}\". There are: {string.Join(", ", toolbox.Names)}.", IsError: true);
        }

        try
        {
            return ToolResult.Of(call, await tool.InvokeAsync(ToolArguments.For(call, context), cancellationToken));
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || IsHandedOver(exception))
        {
            // In whatever words a tool says that it was stopped: nobody knows how far it came.
            return null;
        }
        catch (Exception exception)
        {
            // The edge to code that is not ours: whatever a tool throws is a result, which the model can read and act upon.
            LlmLog.ToolFailed(context.Logger, call.Name, exception.Message, exception is ToolException ? null : exception);
            return new ToolResult(call, exception.Message, IsError: true);
        }
    }

    /// <summary>A tool that waits for a run of another agent stops waiting when the server drains: the next attempt waits for the same run.</summary>
    private bool IsHandedOver(Exception exception) => exception is OperationCanceledException && context.Draining.IsCancellationRequested;

    private void Tell(Happening happening) => happened.Writer.TryWrite(happening);

    /// <summary>Something for readers of the run, or the result of a call; neither when all calls are told to stop.</summary>
    public sealed record Happening(AgentEvent? Event = null, ToolResult? Result = null);
}
