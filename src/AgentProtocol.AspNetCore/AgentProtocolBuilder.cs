using AgentProtocol.Agents;
using Microsoft.Extensions.DependencyInjection;

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
        where TAgent : class, IAgent
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        Services.AddSingleton(provider => new AgentDefinition
        {
            Id = id,
            Agent = ActivatorUtilities.CreateInstance<TAgent>(provider),
            Name = name,
            Description = description,
        });
        return this;
    }

    /// <summary>Adds an agent that the host has made itself.</summary>
    public AgentProtocolBuilder AddAgent(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        Services.AddSingleton(agent);
        return this;
    }
}
