using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Http;

/// <summary>Makes an agent of kind <c>http</c> of its description.</summary>
internal static class HttpConfiguration
{
    public static readonly string[] Members = ["url", "headers", "cancelUrl", "silence"];

    public static AgentDefinition Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers([.. AgentsFileReader.CommonMembers, .. Members]);
        return HttpAgents.Define(
            new HttpAgentOptions
            {
                Url = ConfigurationValues.Url(described.Required("url")),
                Headers = HeaderConfiguration.Read(described.Optional("headers"), values, HeaderConfiguration.OfAgents),
                CancelUrl = described.Optional("cancelUrl") is { } url ? ConfigurationValues.Url(url) : null,
                Silence = described.Optional("silence")?.Time(),
            },
            values.Time,
            values.Secrets);
    }
}
