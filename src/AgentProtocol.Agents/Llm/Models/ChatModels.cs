using System.Text.RegularExpressions;
using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>Makes chat models of their descriptions in the agents file. Every failure of one is an <see cref="AgentException"/>.</summary>
internal static partial class ChatModels
{
    /// <summary>The members of <c>model</c> in the agents file.</summary>
    public static readonly string[] Members = ["provider", "baseUrl", "name", "apiKeyEnv", "apiVersion", "parameters", "timeoutSeconds"];

    /// <summary>The providers.</summary>
    public static readonly string[] Providers = ["openai", "azure", "anthropic"];

    /// <summary>The model that a description means.</summary>
    public static IChatClient Create(ConfigurationNode model, ConfigurationValues values)
    {
        model.WithMembers(Members);
        var silence = model.Optional("timeoutSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds.Number(1, 86400)) : ModelHttp.DefaultSilence;
        var parameters = ModelParameters.Read(model);
        var provider = model.Required("provider");
        if (provider.Text() != "azure" && model.Optional("apiVersion") is { } version)
        {
            throw version.Error("only the provider \"azure\" has versions: remove it");
        }

        IChatClient client = provider.Text() switch
        {
            "openai" => new OpenAiChatClient(OpenAi(model, values), silence),
            "azure" => new OpenAiChatClient(Azure(model, values), silence),
            "anthropic" => Anthropic(model, values, silence),
            _ => throw provider.Error(
                $"\"{provider.Text()}\" is not a provider: use \"azure\", \"anthropic\" or \"openai\", the last with a baseUrl for any server that speaks its protocol"),
        };
        return new RetryingChatClient(new ParametrizedChatClient(client, parameters), values.Time);
    }

    private static OpenAiEndpoint OpenAi(ConfigurationNode model, ConfigurationValues values)
    {
        var baseUrl = model.Optional("baseUrl");
        var key = model.Optional("apiKeyEnv");
        return baseUrl is null && key is null
            ? throw model.Error("OpenAI wants a key: add \"apiKeyEnv\" with the name of an environment variable, or the \"baseUrl\" of another server")
            : new OpenAiEndpoint(
                baseUrl is null ? OpenAiEndpoint.OpenAi : ConfigurationValues.Url(baseUrl),
                model.Required("name").Text(),
                key is null ? null : values.Secret(key));
    }

    private static OpenAiEndpoint Azure(ConfigurationNode model, ConfigurationValues values)
    {
        var version = model.Optional("apiVersion");
        return version is null || VersionForm().IsMatch(version.Text())
            ? OpenAiEndpoint.Azure(
                ConfigurationValues.Url(model.Required("baseUrl")),
                model.Required("name").Text(),
                values.Secret(model.Required("apiKeyEnv")),
                version?.Text())
            : throw version.Error("this must be a version of Azure's API: write it like \"2024-10-21\", or remove it");
    }

    private static AnthropicChatClient Anthropic(ConfigurationNode model, ConfigurationValues values, TimeSpan silence)
    {
        var parameters = model.Optional("parameters");
        foreach (var foreign in (string[])["temperature", "topP", "seed"])
        {
            if (parameters?.Optional(foreign) is { } unknown)
            {
                throw unknown.Error("Anthropic's API has no such parameter: remove it");
            }
        }

        var baseUrl = model.Optional("baseUrl");
        var url = baseUrl is null ? AnthropicChatClient.Anthropic : ConfigurationValues.Url(baseUrl);
        return url.AbsolutePath.TrimEnd('/').EndsWith("/v1", StringComparison.Ordinal)
            ? throw baseUrl!.Error("\"/v1/messages\" is appended to this URL: leave \"/v1\" away")
            : new AnthropicChatClient(url, model.Required("name").Text(), values.Secret(model.Required("apiKeyEnv")), silence, values.Time);
    }

    [GeneratedRegex(@"\A\d{4}-\d{2}-\d{2}(-preview)?\z")]
    private static partial Regex VersionForm();
}
