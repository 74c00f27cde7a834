using AgentProtocol.Agents;
using AgentProtocol.AspNetCore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentProtocol.AspNetCore;

/// <summary>Adds agents to a server that <c>AddAgentProtocol</c> has prepared.</summary>
public sealed class AgentProtocolBuilder
{
    internal AgentProtocolBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds an agent of a class; its constructor parameters come from the host's services.</summary>
    /// <param name="id">The id that runs are created with, and the agent's graph id.</param>
    /// <param name="name">Its name for people; the id when not given.</param>
    /// <param name="description">What it does, for people and for supervisors that choose among agents.</param>
    /// <typeparam name="TAgent">The class. One instance serves all runs.</typeparam>
    public AgentProtocolBuilder AddAgent<TAgent>(string id, string? name = null, string? description = null)
        where TAgent : class, IAgent => AddAgent<TAgent>(id, agent => agent with { Name = name, Description = description });

    /// <summary>Adds an agent of a class, with limits and other settings.</summary>
    /// <param name="id">The id that runs are created with, and the agent's graph id.</param>
    /// <param name="configure">Says what else there is to say of the agent, as in <c>agent => agent with { MaxConcurrentRuns = 4 }</c>.</param>
    /// <param name="lifetime">
    /// With <see cref="ServiceLifetime.Singleton"/> one instance serves all runs; otherwise each execution of a run has an
    /// instance of its own, from a scope of its own, and may use scoped services.
    /// </param>
    /// <typeparam name="TAgent">The class; its constructor parameters come from the host's services.</typeparam>
    public AgentProtocolBuilder AddAgent<TAgent>(
        string id, Func<AgentDefinition, AgentDefinition> configure, ServiceLifetime lifetime = ServiceLifetime.Singleton)
        where TAgent : class, IAgent
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(configure);
        if (lifetime == ServiceLifetime.Singleton)
        {
            return AddAgent(provider => configure(new AgentDefinition { Id = id, Agent = ActivatorUtilities.CreateInstance<TAgent>(provider) }));
        }

        // As a service, so that the scope disposes it.
        Services.TryAdd(ServiceDescriptor.Describe(typeof(TAgent), typeof(TAgent), lifetime));
        return AddAgent(provider => configure(new AgentDefinition
        {
            Id = id,
            Agent = new ScopedAgent<TAgent>(provider.GetRequiredService<IServiceScopeFactory>()),
        }));
    }

    /// <summary>Adds an agent that the host has made itself.</summary>
    public AgentProtocolBuilder AddAgent(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        Services.AddSingleton(agent);
        return this;
    }

    /// <summary>Adds an agent that the host makes at the start, with the help of its services.</summary>
    public AgentProtocolBuilder AddAgent(Func<IServiceProvider, AgentDefinition> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        Services.AddSingleton(create);
        return this;
    }
}
