namespace AgentProtocol.Engine.Tests.Support;

/// <summary>Files of the checkout that tests run in.</summary>
internal static class RepositoryFiles
{
    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root(), .. path]));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AgentProtocolServer.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside of a checkout.");
        }

        return folder.FullName;
    }
}
