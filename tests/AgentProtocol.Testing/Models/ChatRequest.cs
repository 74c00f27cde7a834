using System.Text.Json;

namespace AgentProtocol.Testing.Models;

/// <summary>A request that a stub of a model's server has got.</summary>
/// <param name="Path">Its path and query.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body.</param>
public sealed record ChatRequest(string Path, IReadOnlyDictionary<string, string> Headers, JsonElement Body)
{
    /// <summary>Its authorization header; empty when there is none.</summary>
    public string Authorization => Headers.GetValueOrDefault("Authorization", "");

    /// <summary>The model that it is for.</summary>
    public string Model => Body.GetProperty("model").GetString()!;

    /// <summary>Its messages, without a system prompt that has a place of its own.</summary>
    public IReadOnlyList<JsonElement> Messages => [.. Body.GetProperty("messages").EnumerateArray()];

    /// <summary>How many messages of the role it has: those of the assistant tell a rule how far an agent has come.</summary>
    public int CountOf(string role) => Messages.Count(message => message.GetProperty("role").GetString() == role);

    /// <summary>The JSON of its messages, for rules that look for a word.</summary>
    public bool Mentions(string word) => Body.GetProperty("messages").GetRawText().Contains(word, StringComparison.Ordinal);
}
