using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>Makes clients of the models that the agents file describes.</summary>
internal static class ChatModels
{
    /// <summary>The model that an agent's <c>model</c> describes.</summary>
    public static IChatClient Create(ConfigurationNode model, ConfigurationValues values) => new OpenAiChatClient(Endpoint(model, values));

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
