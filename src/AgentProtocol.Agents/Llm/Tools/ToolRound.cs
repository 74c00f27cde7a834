using System.Runtime.CompilerServices;
using System.Text.Json;

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
        var approval = new Approval(answer, calls, toolbox, context);
        if (approval.Question is { } question)
        {
            yield return question;
            yield break;
        }

        List<Decision> decided = [.. calls.Select(approval.Decide)];
        await foreach (var happened in MakeAsync(answer, decided, cancellationToken))
        {
            yield return happened;
        }
    }

    private async IAsyncEnumerable<AgentEvent> MakeAsync(
        JsonElement answer, List<Decision> decided, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (results, missing) = (new List<ToolResult>(), decided.Count);
        await using var calls = CallsInProgress.Start(decided, toolbox, context, cancellationToken);
        await foreach (var happened in calls.ReadAsync())
        {
            if (happened.Event is { } known)
            {
                yield return known;
            }
            else if (happened.Result is { } result)
            {
                (results, missing) = ([.. results, result], missing - 1);
            }
            else if (results.Count > 0)
            {
                // At once: the other calls may ignore that they are to stop, until nobody listens to this run any more.
                yield return Update(answer, decided, results);
                results = [];
            }
        }

        if (results.Count > 0)
        {
            yield return Update(answer, decided, results);
        }

        if (missing > 0)
        {
            throw new OperationCanceledException($"{missing} calls were stopped before they had a result.", cancellationToken);
        }
    }

    /// <summary>The results in the order of the calls, whichever came first.</summary>
    private AgentEvent.StateUpdate Update(JsonElement answer, IReadOnlyList<Decision> decisions, IReadOnlyList<ToolResult> results) =>
        new(LlmAgents.ToolsNode, AgentJson.Write(256, (answer, decisions, results, time), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages"u8);
            if (value.decisions.Any(decision => decision.IsEdited))
            {
                Approval.WriteEdited(writer, value.answer, value.decisions);
            }

            foreach (var decision in value.decisions)
            {
                value.results.FirstOrDefault(result => result.Call.Id == decision.Call.Id)?.WriteMessage(writer, value.time);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
}
