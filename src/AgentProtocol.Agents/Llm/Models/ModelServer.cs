namespace AgentProtocol.Agents.Llm.Models;

/// <summary>A server of models, as it appears in messages.</summary>
/// <param name="baseUrl">Where it is.</param>
/// <param name="apiKey">The key that it is given, which must never appear.</param>
internal sealed class ModelServer(Uri baseUrl, string? apiKey)
{
    private const int LongestMessage = 500;

    /// <summary>What it is called in messages.</summary>
    public string Name => $"The model server {baseUrl.Authority}";

    /// <summary>The text in one line of bearable length, and without the key: servers like to repeat it.</summary>
    public string Presentable(string text)
    {
        var clean = apiKey is null ? text : text.Replace(apiKey, "***", StringComparison.Ordinal);
        var line = string.Join(' ', clean.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestMessage ? line : line[..LongestMessage] + "…";
    }

    /// <summary>The cause goes to the log, so it is left out when the key is in it.</summary>
    public Exception? Innocent(Exception exception) =>
        apiKey is not null && exception.ToString().Contains(apiKey, StringComparison.Ordinal) ? null : exception;
}
