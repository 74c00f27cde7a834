using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Finds the agents file and reads it as JSON.</summary>
internal static class AgentsFile
{
    private const string DefaultName = "agents.json";

    private static readonly JsonDocumentOptions Options = new()
    {
        // People write this file.
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The path of the file; null when none is configured and the default is absent.</summary>
    public static string? Find(string? configured, string workingDirectory, string contentRoot)
    {
        // An environment variable can be emptied more easily than removed.
        var isConfigured = !string.IsNullOrWhiteSpace(configured);
        var name = isConfigured ? configured! : DefaultName;
        string[] places = [Path.GetFullPath(name, workingDirectory), Path.GetFullPath(name, contentRoot)];
        var found = places.FirstOrDefault(File.Exists);
        return found is not null || !isConfigured
            ? found
            : throw new AgentConfigurationException(
                $"Agents:File names \"{name}\", but there is no file {string.Join(" or ", places.Distinct())}: create it, or correct the setting.");
    }

    /// <summary>The content of the file.</summary>
    public static ConfigurationNode Parse(string path)
    {
        try
        {
            // Not disposed: the elements live in the configuration nodes, and the garbage collector knows when they end.
            var document = JsonDocument.Parse(File.ReadAllText(path), Options);
            return new ConfigurationNode(path, "$", document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new AgentConfigurationException(
                $"{path}, line {exception.LineNumber + 1}: this is not valid JSON, mend it there: {WithoutPosition(exception.Message)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentConfigurationException($"{path} cannot be read, make it readable for this server: {exception.Message}");
        }
    }

    /// <summary>The message without the position that the parser appends: it counts lines from 0.</summary>
    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is >= 0 and var end ? message[..end] : message;
}
