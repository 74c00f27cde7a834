using AgentProtocol.Agents;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>An agent that a test writes where it needs it.</summary>
internal sealed class LambdaAgent(Func<AgentContext, CancellationToken, IAsyncEnumerable<AgentEvent>> run) : IAgent
{
    public static AgentDefinition Definition(string id, Func<AgentContext, CancellationToken, IAsyncEnumerable<AgentEvent>> run) =>
        new() { Id = id, Agent = new LambdaAgent(run) };

    public IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, CancellationToken cancellationToken) => run(context, cancellationToken);
}
