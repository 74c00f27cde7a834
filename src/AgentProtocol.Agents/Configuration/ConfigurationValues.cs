using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

/// <summary>What descriptions of agents refer to without saying it: environment variables, and the clock.</summary>
/// <param name="environment">Reads the environment variables that hold secrets.</param>
/// <param name="time">The agents' clock.</param>
/// <param name="connections">What agents share; made when it is asked for, if not given.</param>
internal sealed partial class ConfigurationValues(Func<string, string?> environment, TimeProvider time, AgentConnections? connections = null)
{
    /// <summary>The agents' clock.</summary>
    public TimeProvider Time => time;

    /// <summary>What agents share.</summary>
    public AgentConnections Connections => connections ??= new AgentConnections(time);

    /// <summary>The variables that were asked for.</summary>
    public Secrets Secrets { get; } = new();

    /// <summary>The same for one agent, with secrets of its own.</summary>
    public ConfigurationValues ForOneAgent() => new(environment, time, Connections);

    /// <summary>A value that is the name of an environment variable.</summary>
    public static string VariableName(ConfigurationNode name) => VariableForm().IsMatch(name.Text())
        ? name.Text()

        // Without its text: it may be the key itself.
        : throw name.Error("this must be the name of an environment variable, of letters, digits and underscores: write it like \"OPENAI_API_KEY\"");

    /// <summary>An environment variable that a value refers to, secret or not.</summary>
    public string Variable(ConfigurationNode node, string name)
    {
        var value = environment(name) ?? throw node.Error($"the environment variable {name} is not set: set it, or remove it here");
        Secrets.Add(value);
        return value;
    }

    /// <summary>A text with the environment variables that it refers to as <c>{env:NAME}</c>, so that no secret is written into the file.</summary>
    public string Expanded(ConfigurationNode text) => Reference().Replace(
        text.Element.ValueKind == JsonValueKind.String ? MessageText.Read(text.Element) : text.Text(),
        match => Variable(text, match.Groups["name"].Value));

    /// <summary>The secret in the environment variable that a value names.</summary>
    public string Secret(ConfigurationNode variable)
    {
        var name = VariableName(variable);
        var key = environment(name)?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            throw variable.Error($"the environment variable {name} is not set: set it to the API key, or remove {variable.Name} if the server wants none");
        }

        Secrets.Add(key);

        // The client would fail at the first call, with the key in its message.
        return !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw variable.Error($"the environment variable {name} holds blanks or characters that no API key has: set it to the key alone");
    }

    /// <summary>A plain http or https URL.</summary>
    public static Uri Url(ConfigurationNode url) =>
        Uri.TryCreate(url.Text(), UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? uri
            : throw url.Error("this must be a plain http or https URL: write it like \"http://localhost:11434/v1\"");

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableForm();

    [GeneratedRegex(@"\{env:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Reference();
}
