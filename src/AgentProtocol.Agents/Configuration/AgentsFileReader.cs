using System.Text.RegularExpressions;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Processes;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Makes agents of what the agents file describes.</summary>
/// <param name="values">What the descriptions refer to.</param>
internal sealed partial class AgentsFileReader(ConfigurationValues values)
{
    /// <summary>Adds the agents of the file behind those that are there already.</summary>
    public void AddTo(List<AgentDefinition> agents, ConfigurationNode file)
    {
        foreach (var described in file.WithMembers("agents").Required("agents").Items())
        {
            var agent = Agent(described);
            if (agents.Exists(other => other.Id == agent.Id))
            {
                var mend = agent.Id == "echo" ? "choose another one, or switch the built-in agent off with Agents:Echo=false" : "choose another one";
                throw described.Required("id").Error($"\"{agent.Id}\" is the id of another agent: {mend}");
            }

            agents.Add(agent);
        }
    }

    private AgentDefinition Agent(ConfigurationNode described)
    {
        var kind = described.AsObject().Required("kind");
        var agent = kind.Text() switch
        {
            "llm" => LlmConfiguration.Read(described, values),
            "process" => ProcessConfiguration.Read(described, values),
            _ => throw kind.Error($"\"{kind.Text()}\" is not a kind of agent: use \"llm\" or \"process\""),
        };
        return agent with
        {
            Id = Id(described.Required("id")),
            Kind = kind.Text(),
            Name = described.Optional("name")?.Text(),
            Description = described.Optional("description")?.Text(),
        };
    }

    private static string Id(ConfigurationNode id) => IdForm().IsMatch(id.Text())
        ? id.Text()
        : throw id.Error("an id has 1 to 128 letters, digits, dots, underscores and hyphens: choose such a one");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z")]
    private static partial Regex IdForm();
}
