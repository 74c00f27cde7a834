using System.Text.Json;
using AgentProtocol.Agents.Configuration;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>How a model is to answer, from <c>model.parameters</c> of the agents file. What is null is the server's to decide.</summary>
internal sealed record ModelParameters
{
    /// <summary>The members in the agents file.</summary>
    public static readonly string[] Members =
        ["temperature", "topP", "maxOutputTokens", "stop", "seed", "reasoningEffort", "parallelToolCalls"];

    private static readonly Dictionary<string, ReasoningEffort> Efforts = new(StringComparer.Ordinal)
    {
        ["none"] = Microsoft.Extensions.AI.ReasoningEffort.None,
        ["low"] = Microsoft.Extensions.AI.ReasoningEffort.Low,
        ["medium"] = Microsoft.Extensions.AI.ReasoningEffort.Medium,
        ["high"] = Microsoft.Extensions.AI.ReasoningEffort.High,
        ["xhigh"] = Microsoft.Extensions.AI.ReasoningEffort.ExtraHigh,
    };

    public float? Temperature { get; init; }

    public float? TopP { get; init; }

    public int? MaxOutputTokens { get; init; }

    public IReadOnlyList<string>? Stop { get; init; }

    public long? Seed { get; init; }

    public ReasoningEffort? ReasoningEffort { get; init; }

    public bool? ParallelToolCalls { get; init; }

    /// <summary>Reads them from a description of a model.</summary>
    public static ModelParameters Read(ConfigurationNode model)
    {
        if (model.Optional("parameters")?.WithMembers(Members) is not { } parameters)
        {
            return new ModelParameters();
        }

        return new ModelParameters
        {
            Temperature = (float?)parameters.Optional("temperature")?.Number(0, 2),
            TopP = (float?)parameters.Optional("topP")?.Number(0, 1),
            MaxOutputTokens = (int?)parameters.Optional("maxOutputTokens")?.Whole(1, int.MaxValue),
            Stop = parameters.Optional("stop")?.Items().Select(StopSequence).ToList(),
            Seed = parameters.Optional("seed")?.Whole(long.MinValue, long.MaxValue),
            ReasoningEffort = parameters.Optional("reasoningEffort") is { } effort ? Effort(effort) : null,
            ParallelToolCalls = parameters.Optional("parallelToolCalls")?.Flag(),
        };
    }

    /// <summary>Options in which these parameters hold wherever the caller wants nothing else.</summary>
    public ChatOptions Under(ChatOptions? options)
    {
        var merged = options?.Clone() ?? new ChatOptions();
        merged.Temperature ??= Temperature;
        merged.TopP ??= TopP;
        merged.MaxOutputTokens ??= MaxOutputTokens;
        merged.StopSequences ??= Stop is null ? null : [.. Stop];
        merged.Seed ??= Seed;
        merged.Reasoning ??= ReasoningEffort is null ? null : new ReasoningOptions { Effort = ReasoningEffort };
        merged.AllowMultipleToolCalls ??= ParallelToolCalls;
        return merged;
    }

    // Unlike other texts of the file it may be blank: a newline is the most usual one.
    private static string StopSequence(ConfigurationNode item) =>
        item.Element.ValueKind == JsonValueKind.String && MessageText.Read(item.Element) is { Length: > 0 } text
            ? text
            : throw item.Error("this must be a text that is not empty: write \"…\"");

    private static ReasoningEffort Effort(ConfigurationNode effort) => Efforts.TryGetValue(effort.Text(), out var known)
        ? known
        : throw effort.Error($"\"{effort.Text()}\" is no effort: use one of {string.Join(", ", Efforts.Keys)}");
}
