using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Remote;

/// <summary>Makes an agent of kind <c>remote</c> of its description.</summary>
internal static class RemoteConfiguration
{
    public static readonly string[] Members = ["url", "assistant", "apiKeyEnv", "headers", "silence"];

    public static AgentDefinition Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers([.. AgentsFileReader.CommonMembers, .. Members]);
        return RemoteAgents.Define(
            new RemoteAgentOptions
            {
                Url = ConfigurationValues.Url(described.Required("url")),
                Assistant = described.Required("assistant").Text(),
                ApiKey = described.Optional("apiKeyEnv") is { } variable ? values.Secret(variable) : null,
                Headers = HeaderConfiguration.Read(described.Optional("headers"), values, HeaderConfiguration.OfAgents),
                Silence = described.Optional("silence")?.Time(),
            },
            values.Time,
            values.Secrets);
    }
}
