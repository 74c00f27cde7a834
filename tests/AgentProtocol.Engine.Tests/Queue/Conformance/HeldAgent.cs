using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using AgentProtocol.Agents;

namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>An agent that says a first step, waits until the test lets it go on, and says a second one.</summary>
/// <param name="name">What it calls itself in the second step, so that a test can see which node has executed.</param>
internal sealed class HeldAgent(string name) : IAgent
{
    private readonly Channel<AgentContext> starts = Channel.CreateUnbounded<AgentContext>();
    private readonly ConcurrentDictionary<Guid, int> executions = new();
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it stops when it is told to.</summary>
    public bool Obeys { get; init; } = true;

    public AgentDefinition Definition(int? mostAtOnce = null) => new() { Id = "echo", Agent = this, MaxConcurrentRuns = mostAtOnce };

    /// <summary>The next execution; it has said its first step when the run's state has it.</summary>
    public ValueTask<AgentContext> NextAsync(CancellationToken cancellationToken) => starts.Reader.ReadAsync(cancellationToken);

    public int ExecutionsOf(Guid runId) => executions.GetValueOrDefault(runId);

    /// <summary>How many executions have begun that nobody has asked for with <see cref="NextAsync"/>.</summary>
    public int Unseen => starts.Reader.Count;

    /// <summary>Lets all executions go on, and those to come.</summary>
    public void Release() => released.TrySetResult();

    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        executions.AddOrUpdate(context.RunId, 1, (_, before) => before + 1);
        if (context.CompletedSteps == 0)
        {
            yield return Say("step 1");
        }

        starts.Writer.TryWrite(context);
        await WaitAsync(context, cancellationToken);
        yield return Say($"step 2 by {name}");
    }

    private async Task WaitAsync(AgentContext context, CancellationToken cancellationToken)
    {
        if (!Obeys)
        {
            await released.Task;
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.Draining);
        await released.Task.WaitAsync(either.Token);
    }

    private static AgentEvent.StateUpdate Say(string text) =>
        new("echo", JsonSerializer.SerializeToElement(new { messages = new[] { new { type = "ai", content = text } } }));
}
