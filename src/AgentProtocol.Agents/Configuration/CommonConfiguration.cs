using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Reads what can be said of every agent, of whatever kind it is.</summary>
internal static partial class CommonConfiguration
{
    /// <summary>The names of these members.</summary>
    public static readonly string[] Members =
    [
        "id", "kind", "name", "description", "metadata", "inputSchema", "outputSchema", "timeouts", "maxConcurrentRuns", "retry", "onSteer",
    ];

    /// <summary>What the server says of an assistant itself, in its metadata.</summary>
    private static readonly string[] ServerMetadata = ["created_by", "kind"];

    private static readonly TimeSpan UsualDelay = TimeSpan.FromSeconds(1);

    /// <summary>The agent that its kind has made, with what is said of it.</summary>
    public static AgentDefinition Complete(AgentDefinition agent, ConfigurationNode described) => agent with
    {
        Id = Id(described.Required("id")),
        Kind = described.Required("kind").Text(),
        Name = described.Optional("name")?.Text(),
        Description = described.Optional("description")?.Text(),
        Metadata = described.Optional("metadata") is { } metadata ? Metadata(metadata) : agent.Metadata,
        InputSchema = described.Optional("inputSchema") is { } input ? SchemaConfiguration.Read(input) : agent.InputSchema,
        OutputSchema = described.Optional("outputSchema") is { } output ? SchemaConfiguration.Read(output) : agent.OutputSchema,
        Limits = described.Optional("timeouts") is { } timeouts ? Limits(timeouts) : agent.Limits,
        MaxConcurrentRuns = described.Optional("maxConcurrentRuns")?.Integer(1, 1_000_000) ?? agent.MaxConcurrentRuns,
        Retry = described.Optional("retry") is { } retry ? Retry(retry) : agent.Retry,
        OnSteer = described.Optional("onSteer") is { } policy ? Policy(policy) : agent.OnSteer,
        Described = described.Element,
    };

    private static string Id(ConfigurationNode id) => IdForm().IsMatch(id.Text())
        ? id.Text()
        : throw id.Error("an id has 1 to 128 letters, digits, dots, underscores and hyphens: choose such a one");

    private static JsonElement Metadata(ConfigurationNode metadata) =>
        metadata.Members().FirstOrDefault(member => ServerMetadata.Contains(member.Name)) is { } taken
            ? throw taken.Error("the server says this itself: choose another name")
            : metadata.Json();

    private static AgentLimits Limits(ConfigurationNode timeouts)
    {
        timeouts.WithMembers("total", "idle", "queueWait");
        return new AgentLimits(timeouts.Optional("total")?.Time(), timeouts.Optional("idle")?.Time(), timeouts.Optional("queueWait")?.Time());
    }

    private static AgentRetry Retry(ConfigurationNode retry)
    {
        retry.WithMembers("maxAttempts", "delaySeconds");
        return new AgentRetry(
            retry.Required("maxAttempts").Integer(1, 100),
            retry.Optional("delaySeconds") is { } delay ? TimeSpan.FromSeconds(delay.Number(0, 3600)) : UsualDelay);
    }

    private static SteerPolicy Policy(ConfigurationNode policy) => policy.Text() switch
    {
        "steer" => SteerPolicy.Steer,
        "interrupt" => SteerPolicy.Interrupt,
        var other => throw policy.Error($"\"{other}\" is nothing that can become of a run: use \"steer\" or \"interrupt\""),
    };

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z")]
    private static partial Regex IdForm();
}
