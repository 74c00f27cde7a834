using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;

namespace AgentProtocol.Testing.Agents;

/// <summary>
/// An agent of two steps that needs a person: <c>agent</c> plans a tool call, <c>tools</c> asks for approval and makes it,
/// and <c>agent</c> tells the answer. The words of the user decide: <c>free</c> needs no approval, <c>two</c> asks twice at once.
/// </summary>
public sealed class ApprovalAgent : IAgent
{
    /// <summary>The agent as tests register it.</summary>
    public static AgentDefinition Definition { get; } = new() { Id = "approval", Agent = new ApprovalAgent(), Nodes = ["agent", "tools"] };

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        var words = context.State.Messages.Last(message => message.GetProperty("type").ValueEquals("human")).GetProperty("content").GetString()!;
        if (context.ResumeNode != "tools")
        {
            yield return new AgentEvent.StepStarted("agent");
            yield return Update("agent", new { messages = new[] { new { type = "ai", content = "", tool_calls = new[] { new { id = "call-1", name = "act", args = new { words }, type = "tool_call" } } } } });
        }

        yield return new AgentEvent.StepStarted("tools");
        var open = Questions(words).Where((_, index) => Answer(context, index) is null).ToList();
        if (open.Count > 0)
        {
            foreach (var question in open)
            {
                yield return new AgentEvent.Interrupt(Json(new { question }), question);
            }

            yield break;
        }

        var answers = string.Join(", ", Questions(words).Select((_, index) => Answer(context, index)));
        yield return new AgentEvent.ToolStarted("call-1", "act", Json(new { words }));
        yield return new AgentEvent.ToolOutput("call-1", Json("half"));
        yield return new AgentEvent.ToolFinished("call-1", Json(answers));
        yield return Update("tools", new { messages = new[] { new { type = "tool", tool_call_id = "call-1", content = answers } } });
        yield return new AgentEvent.StepStarted("agent");
        var id = Guid.CreateVersion7().ToString();
        yield return new AgentEvent.MessageDelta("agent", id, "done ");
        yield return new AgentEvent.MessageDelta("agent", id, answers);
        yield return Update("agent", new { messages = new[] { new { type = "ai", id, content = "done " + answers } }, approved = answers });
    }

    private static string[] Questions(string words) => words switch
    {
        "free" => [],
        "two" => ["first", "second"],
        _ => ["approve"],
    };

    private static string? Answer(AgentContext context, int index)
    {
        var question = Questions(context.State.Messages.Last(message => message.GetProperty("type").ValueEquals("human")).GetProperty("content").GetString()!)[index];
        var answer = context.Interrupts.FirstOrDefault(interrupt => interrupt.Id == question)?.Answer ?? default;
        return answer.ValueKind switch
        {
            JsonValueKind.Undefined => null,
            JsonValueKind.String => answer.GetString(),
            _ => answer.GetRawText(),
        };
    }

    private static AgentEvent.StateUpdate Update(string node, object update) => new(node, Json(update));

    private static JsonElement Json(object value) => JsonSerializer.SerializeToElement(value);
}
