using AgentProtocol.Agents;
using AgentProtocol.Agents.Http;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Processes;
using AgentProtocol.Agents.Remote;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentProtocol.AspNetCore;

/// <summary>Adds agents of the kinds that the agents file knows too.</summary>
public static class AgentProtocolBuilderExtensions
{
    /// <summary>Adds an agent that answers with a language model.</summary>
    /// <param name="agents">The server's agents.</param>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="client">The model; it stays the host's to dispose.</param>
    /// <param name="instructions">What the model is told before the thread.</param>
    /// <param name="tools">What it may call.</param>
    public static AgentProtocolBuilder AddChatAgent(
        this AgentProtocolBuilder agents, string id, IChatClient client, string? instructions = null, params IReadOnlyList<AITool> tools) =>
        agents.AddChatAgent(id, _ => client, new LlmAgentOptions { Instructions = instructions, Tools = tools });

    /// <summary>Adds an agent that answers with a language model which the host's services provide.</summary>
    /// <param name="agents">The server's agents.</param>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="client">Provides the model.</param>
    /// <param name="options">What the agent is told and given.</param>
    /// <param name="configure">Says what else there is to say of the agent.</param>
    public static AgentProtocolBuilder AddChatAgent(
        this AgentProtocolBuilder agents, string id, Func<IServiceProvider, IChatClient> client, LlmAgentOptions options,
        Func<AgentDefinition, AgentDefinition>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        return agents.Add(configure, services => LlmAgents.Create(id, client(services), options));
    }

    /// <summary>Adds an agent that is a program, started for each run.</summary>
    /// <param name="agents">The server's agents.</param>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="options">The program.</param>
    /// <param name="configure">Says what else there is to say of the agent.</param>
    public static AgentProtocolBuilder AddProcessAgent(
        this AgentProtocolBuilder agents, string id, ProcessAgentOptions options, Func<AgentDefinition, AgentDefinition>? configure = null) =>
        agents.Add(configure, services => ProcessAgents.Create(id, options, services.GetRequiredService<TimeProvider>()));

    /// <summary>Adds an agent that is a service which takes runs by HTTP.</summary>
    /// <param name="agents">The server's agents.</param>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="options">Where the service is.</param>
    /// <param name="configure">Says what else there is to say of the agent.</param>
    public static AgentProtocolBuilder AddHttpAgent(
        this AgentProtocolBuilder agents, string id, HttpAgentOptions options, Func<AgentDefinition, AgentDefinition>? configure = null) =>
        agents.Add(configure, services => HttpAgents.Create(id, options, services.GetRequiredService<TimeProvider>()));

    /// <summary>Adds an agent of another server that speaks the Agent Protocol or LangGraph's.</summary>
    /// <param name="agents">The server's agents.</param>
    /// <param name="id">The id that runs are created with here.</param>
    /// <param name="options">Where the other server is, and which of its agents is meant.</param>
    /// <param name="configure">Says what else there is to say of the agent.</param>
    public static AgentProtocolBuilder AddRemoteAgent(
        this AgentProtocolBuilder agents, string id, RemoteAgentOptions options, Func<AgentDefinition, AgentDefinition>? configure = null) =>
        agents.Add(configure, services => RemoteAgents.Create(id, options, services.GetRequiredService<TimeProvider>()));

    private static AgentProtocolBuilder Add(
        this AgentProtocolBuilder agents, Func<AgentDefinition, AgentDefinition>? configure, Func<IServiceProvider, AgentDefinition> create) =>
        agents.AddAgent(services => (configure ?? (agent => agent))(create(services)));
}
