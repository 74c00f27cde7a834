namespace AgentProtocolServer.Tests.Architecture;

/// <summary>The files that the tests were built from.</summary>
internal static class Checkout
{
    // What the build, the server and the editors write; .gitignore has the same.
    private static readonly string[] Skipped = [".git", "artifacts", ".data", "node_modules", ".vs", ".idea", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>Paths below a folder, relative to the root and with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder = "", string pattern = "*") =>
        Walk(new DirectoryInfo(PathOf(folder)), pattern).Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder, string pattern) =>
        folder.EnumerateFiles(pattern).Concat(
            folder.EnumerateDirectories().Where(child => !Skipped.Contains(child.Name)).SelectMany(child => Walk(child, pattern)));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AgentProtocolServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below a checkout.");
    }
}
