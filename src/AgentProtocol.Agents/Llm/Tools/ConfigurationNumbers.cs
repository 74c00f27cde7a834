using System.Text.Json;
using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Reads values of a description that are no texts.</summary>
internal static class ConfigurationNumbers
{
    extension(ConfigurationNode node)
    {
        /// <summary>A whole number within limits.</summary>
        public int Whole(int least, int most) =>
            node.Element.ValueKind == JsonValueKind.Number && node.Element.TryGetInt32(out var value) && value >= least && value <= most
                ? value
                : throw node.Error(most == int.MaxValue ? $"this must be a whole number of at least {least}" : $"this must be a whole number from {least} to {most}");

        /// <summary>True or false.</summary>
        public bool Flag() => node.Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw node.Error("this must be true or false, or where it says so a list of names"),
        };
    }
}
