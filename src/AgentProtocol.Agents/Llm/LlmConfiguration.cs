using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Agents.Llm.Tools;

namespace AgentProtocol.Agents.Llm;

/// <summary>Makes an agent of kind <c>llm</c> of its description.</summary>
internal static class LlmConfiguration
{
    public static AgentDefinition Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers([.. AgentsFileReader.CommonMembers, "instructions", "model", "tools", "maxTurns", "contextTokens"]);
        var schema = described.Optional("outputSchema");
        LlmAgentOptions options = new()
        {
            Instructions = described.Optional("instructions")?.Text(),
            MaxTurns = described.Optional("maxTurns")?.Integer(1, 1000) ?? 50,
            ContextTokens = described.Optional("contextTokens")?.Integer(1000, int.MaxValue),
            OutputSchema = schema is null ? null : SchemaConfiguration.Read(schema),
            Time = values.Time,
        };
        if (schema is not null && OutputFormat.Mistake(schema.Element) is { } mistake)
        {
            throw schema.Error($"this is not a JSON Schema: {mistake}");
        }

        return LlmAgents.Create("", ChatModels.Create(described.Required("model"), values), options, ToolConfiguration.Read(described, values));
    }
}
