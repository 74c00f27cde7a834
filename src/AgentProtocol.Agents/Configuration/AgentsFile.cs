using System.Text;
using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>The agents file as it is at a moment.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Text">What is in it.</param>
internal sealed record AgentsFile(string Path, string Text)
{
    private const string DefaultName = "agents.json";

    // People write this file.
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Finds and reads the file; null when none is configured and the default is absent.</summary>
    public static AgentsFile? Read(string? configured, string workingDirectory, string contentRoot)
    {
        if (Find(configured, workingDirectory, contentRoot) is not { } path)
        {
            return null;
        }

        try
        {
            return new AgentsFile(path, File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentConfigurationException($"{path} cannot be read, make it readable for this server: {exception.Message}");
        }
    }

    /// <summary>The content as JSON.</summary>
    public ConfigurationNode Parse()
    {
        var json = Encoding.UTF8.GetBytes(Text);
        try
        {
            // Not disposed: the elements live in the configuration nodes, and the garbage collector knows when they end.
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = Options.CommentHandling, AllowTrailingCommas = Options.AllowTrailingCommas });
            return new ConfigurationNode(Path, "$", document.RootElement) { Lines = ConfigurationLines.Read(Path, json, Options) };
        }
        catch (JsonException exception)
        {
            throw new AgentConfigurationException(
                $"{Path}, line {exception.LineNumber + 1}: this is not valid JSON, mend it there: {WithoutPosition(exception.Message)}");
        }
    }

    private static string? Find(string? configured, string workingDirectory, string contentRoot)
    {
        // An environment variable can be emptied more easily than removed.
        var isConfigured = !string.IsNullOrWhiteSpace(configured);
        var name = isConfigured ? configured! : DefaultName;
        string[] places = [System.IO.Path.GetFullPath(name, workingDirectory), System.IO.Path.GetFullPath(name, contentRoot)];
        var found = places.FirstOrDefault(File.Exists);
        return found is not null || !isConfigured
            ? found
            : throw new AgentConfigurationException(
                $"Agents:File names \"{name}\", but there is no file {string.Join(" or ", places.Distinct())}: create it, or correct the setting.");
    }

    /// <summary>The message without the position that the parser appends: it counts lines from 0.</summary>
    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is >= 0 and var end ? message[..end] : message;
}
