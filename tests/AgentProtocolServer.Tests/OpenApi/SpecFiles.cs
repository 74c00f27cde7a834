using System.Text.Json;

namespace AgentProtocolServer.Tests.OpenApi;

/// <summary>The documents of the folder <c>openapi</c>.</summary>
internal static class SpecFiles
{
    public static string Folder => field ??= Find();

    /// <summary>The Agent Protocol as vendored.</summary>
    public static JsonElement AgentProtocol => JsonDocument.Parse(AgentProtocolText).RootElement;

    public static string AgentProtocolText => File.ReadAllText(Path.Combine(Folder, "vendor", "agent-protocol-openapi.json"));

    /// <summary>The Agent Protocol's operations, as in <c>GET /threads/{thread_id}</c>.</summary>
    public static IEnumerable<string> Operations =>
        from path in AgentProtocol.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select $"{operation.Name.ToUpperInvariant()} {path.Name}";

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "openapi", "vendor", "agent-protocol-openapi.json")))
            {
                return Path.Combine(folder.FullName, "openapi");
            }
        }

        throw new DirectoryNotFoundException($"There is no openapi/vendor above {AppContext.BaseDirectory}.");
    }
}
