using System.Text.Json;
using System.Text.RegularExpressions;
using AgentProtocolServer.Tests.Architecture;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>The Dockerfile, read as far as we use the language: instructions, one per line, in stages.</summary>
internal sealed partial class ImageFile
{
    private readonly List<(string Name, string Arguments)> build;
    private readonly List<(string Name, string Arguments)> image;

    private ImageFile(List<(string Name, string Arguments)> instructions)
    {
        var last = instructions.FindLastIndex(instruction => instruction.Name == "FROM");
        (build, image) = (instructions[..last], instructions[last..]);
    }

    public static ImageFile Current { get; } = new([.. Parse(File.ReadAllText(Checkout.PathOf("Dockerfile")))]);

    /// <summary>The command that the build runs to publish.</summary>
    public string Publish => build.Last(instruction => instruction.Name == "RUN").Arguments;

    /// <summary>What is copied from the folder of the build, by all stages before the last.</summary>
    public IEnumerable<string> Sources => build.Where(instruction => instruction.Name == "COPY").SelectMany(instruction => instruction.Arguments.Split(' ')[..^1]);

    public string[] EntryPoint => Exec(Last("ENTRYPOINT"));

    public string[] Command => Exec(Last("CMD"));

    public string[] HealthCheck => Exec(Last("HEALTHCHECK") is var text ? text[(text.IndexOf(" CMD ", StringComparison.Ordinal) + 5)..] : "");

    public string User => Last("USER");

    public string WorkingDirectory => Last("WORKDIR");

    public int Port => int.Parse(Last("EXPOSE"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The variables of the image.</summary>
    public Dictionary<string, string> Environment =>
        image.Where(instruction => instruction.Name == "ENV").SelectMany(instruction => instruction.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    private string Last(string name) => image.Last(instruction => instruction.Name == name).Arguments;

    /// <summary>The base has no shell, so only the form in which none is used can work.</summary>
    private static string[] Exec(string json) => JsonSerializer.Deserialize<string[]>(json)!;

    private static IEnumerable<(string Name, string Arguments)> Parse(string text) =>
        from line in Continued().Replace(Comment().Replace(text, ""), " ").Split('\n')
        let words = line.Trim().Split(' ', 2)
        where words.Length == 2
        select (words[0], words[1].Trim());

    [GeneratedRegex(@"^\s*#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
