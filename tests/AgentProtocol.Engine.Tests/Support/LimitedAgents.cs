using System.Runtime.CompilerServices;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>An agent whose runs say one thing and then nothing, until the test lets them go on.</summary>
/// <param name="obeys">Whether it stops when it is told to.</param>
internal sealed class SilentAgent(bool obeys = true) : IAgent
{
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private int most;

    /// <summary>The highest number of runs that it has ever had at once.</summary>
    public int Most => most;

    public AgentDefinition Definition(string id = "silent") => new() { Id = id, Agent = this };

    public void Release() => released.TrySetResult();

    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var now = Interlocked.Increment(ref running);
        InterlockedMax(now);
        try
        {
            yield return new AgentEvent.StateUpdate("silent", JsonText.Parse("""{"messages":[{"type":"ai","content":"begun"}]}"""));
            await released.Task.WaitAsync(obeys ? cancellationToken : CancellationToken.None);
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    private void InterlockedMax(int value)
    {
        for (var before = most; before < value; before = most)
        {
            Interlocked.CompareExchange(ref most, value, before);
        }
    }
}

/// <summary>An agent that fails for a passing reason, every time.</summary>
internal sealed class FailingAgent : IAgent
{
    private int attempts;

    public int Attempts => attempts;

    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        Interlocked.Increment(ref attempts);
        if (cancellationToken.CanBeCanceled)
        {
            throw new AgentException("Lost the connection", retryable: true);
        }

        yield break;
    }
}
