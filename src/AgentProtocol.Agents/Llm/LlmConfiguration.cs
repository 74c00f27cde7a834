using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.Models;

namespace AgentProtocol.Agents.Llm;

/// <summary>Makes an agent of kind <c>llm</c> of its description.</summary>
internal static class LlmConfiguration
{
    public static AgentDefinition Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers([.. AgentsFileReader.CommonMembers, "instructions", "model"]);
        return new AgentDefinition
        {
            Id = "",
            Nodes = [LlmAgent.Node],
            Agent = new LlmAgent(
                ChatModels.Create(described.Required("model"), values),
                described.Optional("instructions")?.Text(),
                values.Time),
        };
    }
}
