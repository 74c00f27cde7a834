using System.Text.RegularExpressions;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.OpenAi;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Makes agents of what the agents file describes.</summary>
/// <param name="environment">Reads the environment variables that hold API keys.</param>
/// <param name="time">The agents' clock.</param>
internal sealed partial class AgentsFileReader(Func<string, string?> environment, TimeProvider time)
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
        described.WithMembers("id", "kind", "name", "description", "instructions", "model");
        var kind = described.Required("kind");
        if (kind.Text() != "llm")
        {
            throw kind.Error($"\"{kind.Text()}\" is not a kind of agent: use \"llm\"");
        }

        return new AgentDefinition
        {
            Id = Id(described.Required("id")),
            Kind = "llm",
            Nodes = [LlmAgent.Node],
            Name = described.Optional("name")?.Text(),
            Description = described.Optional("description")?.Text(),
            Agent = new LlmAgent(
                new OpenAiChatClient(Endpoint(described.Required("model"))),
                described.Optional("instructions")?.Text(),
                time),
        };
    }

    private static string Id(ConfigurationNode id) => IdForm().IsMatch(id.Text())
        ? id.Text()
        : throw id.Error("an id has 1 to 128 letters, digits, dots, underscores and hyphens: choose such a one");

    private OpenAiEndpoint Endpoint(ConfigurationNode model)
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
                baseUrl is null ? OpenAiEndpoint.OpenAi : Url(baseUrl),
                model.Required("name").Text(),
                key is null ? null : Key(key));
    }

    private static Uri Url(ConfigurationNode url) =>
        Uri.TryCreate(url.Text(), UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? uri
            : throw url.Error("this must be a plain http or https URL: write it like \"http://localhost:11434/v1\"");

    private string Key(ConfigurationNode variable)
    {
        if (!VariableForm().IsMatch(variable.Text()))
        {
            // Without its text: it may be the key itself.
            throw variable.Error("this must be the name of an environment variable that holds the key: write it like \"OPENAI_API_KEY\"");
        }

        var key = environment(variable.Text())?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            throw variable.Error($"the environment variable {variable.Text()} is not set: set it to the API key, or remove apiKeyEnv if the server wants none");
        }

        // The client would fail at the first call, with the key in its message.
        return !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw variable.Error($"the environment variable {variable.Text()} holds blanks or characters that no API key has: set it to the key alone");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z")]
    private static partial Regex IdForm();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableForm();
}
