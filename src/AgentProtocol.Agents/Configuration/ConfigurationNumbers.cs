using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Values of the agents file that are not texts.</summary>
internal static class ConfigurationNumbers
{
    /// <summary>A number within bounds.</summary>
    public static double Number(this ConfigurationNode node, double least, double most) =>
        node.Element.ValueKind == JsonValueKind.Number && node.Element.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw node.Error(FormattableString.Invariant($"this must be a number from {least} to {most}"));

    /// <summary>A whole number within bounds.</summary>
    public static long Whole(this ConfigurationNode node, long least, long most) =>
        node.Element.ValueKind == JsonValueKind.Number && node.Element.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : throw node.Error(FormattableString.Invariant($"this must be a whole number from {least} to {most}"));

    /// <summary>True or false.</summary>
    public static bool Flag(this ConfigurationNode node) => node.Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw node.Error("this must be true or false, without quotes"),
    };
}
