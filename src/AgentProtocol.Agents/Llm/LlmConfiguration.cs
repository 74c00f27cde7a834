using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.OpenAi;

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
                new OpenAiChatClient(Endpoint(described.Required("model"), values)),
                described.Optional("instructions")?.Text(),
                values.Time),
        };
    }

    private static OpenAiEndpoint Endpoint(ConfigurationNode model, ConfigurationValues values)
    {
        model.WithMembers("provider", "baseUrl", "name", "apiKeyEnv");
        var provider = model.Required("provider");
        if (provider.Text() != "openai")
        {
            throw provider.Error($"\"{provider.Text()}\" is not a provider: use \"openai\", with a baseUrl for any server that speaks its protocol");
        }

        var baseUrl = model.Optional("baseUrl");
        var key = model.Optional("apiKeyEnv");
        return baseUrl is null && key is null
            ? throw model.Error("OpenAI wants a key: add \"apiKeyEnv\" with the name of an environment variable, or the \"baseUrl\" of another server")
            : new OpenAiEndpoint(
                baseUrl is null ? OpenAiEndpoint.OpenAi : ConfigurationValues.Url(baseUrl),
                model.Required("name").Text(),
                key is null ? null : values.Secret(key));
    }
}
