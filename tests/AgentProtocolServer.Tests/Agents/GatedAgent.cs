using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>Finishes a step, waits until the test lets it go on, and answers.</summary>
internal sealed class GatedAgent : IAgent
{
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AgentDefinition Definition => new() { Id = "gated", Agent = this, Nodes = ["work", "answer"] };

    /// <summary>Lets all runs go on.</summary>
    public void Open() => gate.TrySetResult();

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new AgentEvent.StateUpdate("work", JsonSerializer.SerializeToElement(new { worked = true }));
        await gate.Task.WaitAsync(cancellationToken);
        yield return new AgentEvent.Usage(11, 7);
        yield return new AgentEvent.StateUpdate(
            "answer", JsonSerializer.SerializeToElement(new { messages = new[] { new { type = "ai", content = "Here you are." } } }));
    }
}
