using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Makes the calls of an answer, all at once: the step <c>tools</c>.</summary>
internal sealed class ToolRound(Toolbox toolbox, AgentContext context, TimeProvider time)
{
    /// <summary>Asks for approval where that is needed and has not been given; else makes the calls and adds their results to the thread.</summary>
    public async IAsyncEnumerable<AgentEvent> RunAsync(
        JsonElement answer, IReadOnlyList<ToolCall> calls, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new AgentEvent.StepStarted(LlmAgents.ToolsNode);

        // Nothing is called before everything has been decided, so that a run which stops to ask has nothing half done.
        var approval = new Approval(answer, [.. calls.Where(NeedsApproval)], toolbox, context);
        if (approval.Question is { } question)
        {
            yield return question;
            yield break;
        }

        var decided = calls.Select(call => approval.Decide(call)).ToList();
        var happened = Channel.CreateUnbounded<AgentEvent>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = MakeAllAsync(decided, happened.Writer, stop.Token);
        try
        {
            await foreach (var each in happened.Reader.ReadAllAsync(cancellationToken))
            {
                yield return each;
            }
        }
        finally
        {
            // Whoever stops reading must not leave calls behind that go on.
            await stop.CancelAsync();
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        yield return new AgentEvent.StateUpdate(LlmAgents.ToolsNode, ToUpdate(answer, decided, await work));
    }

    private bool NeedsApproval(ToolCall call) => call.Mistake is null && toolbox.NeedsApproval(call.Name);

    private async Task<ToolResult[]> MakeAllAsync(IEnumerable<Decision> decisions, ChannelWriter<AgentEvent> happened, CancellationToken cancellationToken)
    {
        try
        {
            // Each on a thread of its own account: a function that blocks must not hold up the others.
            return await Task.WhenAll(decisions.Select(decision => Task.Run(() => MakeAsync(decision, happened, cancellationToken), cancellationToken)));
        }
        finally
        {
            happened.Complete();
        }
    }

    private async Task<ToolResult> MakeAsync(Decision decision, ChannelWriter<AgentEvent> happened, CancellationToken cancellationToken)
    {
        var call = decision.Call;
        if (decision.Rejection is { } rejection)
        {
            return new ToolResult(call, rejection, IsError: true);
        }

        happened.TryWrite(new AgentEvent.ToolStarted(call.Id, call.Name, call.Arguments));
        var result = await ResultOfAsync(call, cancellationToken);
        happened.TryWrite(result.IsError
            ? new AgentEvent.ToolFailed(call.Id, result.Text)
            : new AgentEvent.ToolFinished(call.Id, JsonSerializer.SerializeToElement(result.Text, AIJsonUtilities.DefaultOptions)));
        return result;
    }

    private async Task<ToolResult> ResultOfAsync(ToolCall call, CancellationToken cancellationToken)
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
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && !IsHandedOver(exception))
        {
            // The edge to code that is not ours: whatever a tool throws is a result, which the model can read and act upon.
            LlmLog.ToolFailed(context.Logger, call.Name, exception.Message, exception is ToolException ? null : exception);
            return new ToolResult(call, exception.Message, IsError: true);
        }
    }

    /// <summary>A tool that waits for a run of another agent stops waiting when the server drains: the next attempt waits for the same run.</summary>
    private bool IsHandedOver(Exception exception) => exception is OperationCanceledException && context.Draining.IsCancellationRequested;

    private JsonElement ToUpdate(JsonElement answer, IReadOnlyList<Decision> decisions, IReadOnlyList<ToolResult> results) =>
        AgentJson.Write(256, (answer, decisions, results, time), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages"u8);
            if (value.decisions.Any(decision => decision.IsEdited))
            {
                Approval.WriteEdited(writer, value.answer, value.decisions);
            }

            foreach (var result in value.results)
            {
                result.WriteMessage(writer, value.time);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
}
