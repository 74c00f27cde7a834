using System.Runtime.CompilerServices;
using AgentProtocol.Agents;
using Microsoft.Extensions.DependencyInjection;

namespace AgentProtocol.AspNetCore.Registration;

/// <summary>Gives each execution of a run an instance of the class of its own, with services of its own: a unit of work is not to be shared by runs.</summary>
internal sealed class ScopedAgent<TAgent>(IServiceScopeFactory scopes) : IAgent
    where TAgent : class, IAgent
{
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var agent = scope.ServiceProvider.GetRequiredService<TAgent>();
        await foreach (var happened in agent.RunAsync(context, cancellationToken))
        {
            yield return happened;
        }
    }
}
