using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;

namespace AgentProtocol.Testing.Agents;

/// <summary>An agent that lets <c>echo</c> work for it, and answers with what that answered.</summary>
public sealed class DelegatingAgent : IAgent
{
    /// <summary>The agent as tests register it.</summary>
    public static AgentDefinition Definition { get; } = new() { Id = "delegating", Agent = new DelegatingAgent() };

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await context.Children.RunAsync(new ChildRun("echo", "work", context.Input), cancellationToken);
        var text = answer.Error ?? answer.State.Messages[^1].GetProperty("content").GetString();
        yield return new AgentEvent.StateUpdate(
            "delegating", JsonSerializer.SerializeToElement(new { messages = new[] { new { type = "ai", content = $"{answer.Status}: {text}" } } }));
    }
}
