using AgentProtocol.Agents.Llm.Tools;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Makes agents of language models.</summary>
public static class LlmAgents
{
    /// <summary>The step in which the model answers, as it is named on the wire.</summary>
    public const string ModelNode = "agent";

    /// <summary>The step in which the tools that an answer has called are run.</summary>
    public const string ToolsNode = "tools";

    /// <summary>An agent that answers with a model and calls tools until the model has nothing more to call.</summary>
    /// <param name="id">The id that runs are created with, and the agent's graph id.</param>
    /// <param name="client">
    /// The model. One client serves all runs at once; it stays the caller's to dispose. Failures that callers may read, or
    /// that another attempt may mend, are <see cref="AgentException"/>s.
    /// </param>
    /// <param name="options">What the agent is told and given.</param>
    /// <exception cref="AgentConfigurationException">Tools share a name or have one that models do not accept, the schema is none, or a limit lets nothing happen.</exception>
    public static AgentDefinition Create(string id, IChatClient client, LlmAgentOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(client);
        options ??= new LlmAgentOptions();
        return options switch
        {
            { MaxTurns: < 1 } => throw new AgentConfigurationException($"The agent \"{id}\" may give no answer: set its MaxTurns to 1 or more."),
            { ContextTokens: < 1 } => throw new AgentConfigurationException($"The agent \"{id}\" may read nothing: set its ContextTokens to 1 or more, or to null."),
            _ => Create(id, client, options, new ToolSet(options.Tools)),
        };
    }

    internal static AgentDefinition Create(string id, IChatClient client, LlmAgentOptions options, ToolSet tools)
    {
        AgentDefinition agent = new()
        {
            Id = id,
            Agent = new LlmAgent(client, options, tools),
            Kind = "llm",
            Nodes = tools.IsEmpty ? [ModelNode] : [ModelNode, ToolsNode],
            IsSteerable = true,
        };
        return options.OutputSchema is { } schema ? agent with { OutputSchema = schema } : agent;
    }
}
