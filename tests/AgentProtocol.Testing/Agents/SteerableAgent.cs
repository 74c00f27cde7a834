using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;

namespace AgentProtocol.Testing.Agents;

/// <summary>
/// An agent that takes messages while it works: every message of a user is a step that answers <c>done: …</c>. Where the last
/// one begins with <c>wait</c>, it waits for a message, takes it and then answers; with <c>hold</c> it waits for one and leaves
/// it where it is, as an agent does that was just about to end.
/// </summary>
/// <param name="beforeAnswer">Called with each message before it is answered.</param>
public sealed class SteerableAgent(Func<string, CancellationToken, Task>? beforeAnswer = null) : IAgent
{
    /// <summary>The agent as tests register it.</summary>
    public static AgentDefinition Define(SteerPolicy onSteer = SteerPolicy.Interrupt, Func<string, CancellationToken, Task>? beforeAnswer = null) =>
        new() { Id = "steerable", Agent = new SteerableAgent(beforeAnswer), Nodes = ["agent"], IsSteerable = true, OnSteer = onSteer };

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<string> asked = [.. Texts(context.State.Messages)];
        var holds = false;
        for (var answered = context.State.Messages.Count(message => message.GetProperty("type").ValueEquals("ai")); answered < asked.Count; answered++)
        {
            var isLast = answered == asked.Count - 1;
            holds |= isLast && asked[answered].StartsWith("hold", StringComparison.Ordinal);
            if (holds || (isLast && asked[answered].StartsWith("wait", StringComparison.Ordinal)))
            {
                await context.Inbox.WaitAsync(cancellationToken);
            }

            if (!holds)
            {
                asked.AddRange(Texts(await context.Inbox.TakeAsync(cancellationToken)));
            }

            await (beforeAnswer?.Invoke(asked[answered], cancellationToken) ?? Task.CompletedTask);
            yield return new AgentEvent.StateUpdate("agent", JsonSerializer.SerializeToElement(
                new { messages = new[] { new { type = "ai", content = $"done: {asked[answered]}" } } }));
        }
    }

    private static IEnumerable<string> Texts(IEnumerable<JsonElement> messages) =>
        messages.Where(message => message.GetProperty("type").ValueEquals("human")).Select(message => message.GetProperty("content").GetString()!);
}
