using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

/// <summary>On which line of a JSON file each value stands: a parsed document has forgotten it.</summary>
internal sealed partial class ConfigurationLines
{
    private readonly Dictionary<string, int> byPath = [];

    private ConfigurationLines()
    {
    }

    /// <summary>Those of no file.</summary>
    public static ConfigurationLines None { get; } = new();

    /// <summary>Reads valid JSON.</summary>
    /// <param name="file">The file that it comes from.</param>
    /// <param name="json">Its content.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="AgentConfigurationException">A member is there twice, of which any reader would silently drop one.</exception>
    public static ConfigurationLines Read(string file, ReadOnlySpan<byte> json, JsonReaderOptions options)
    {
        ConfigurationLines lines = new();
        Stack<Container> open = [];
        var reader = new Utf8JsonReader(json, options);
        var (line, counted, path) = (1, 0, "$");
        while (reader.Read())
        {
            line += json[counted..(int)reader.TokenStartIndex].Count((byte)'\n');
            counted = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    continue;
                case JsonTokenType.PropertyName:
                    path = open.Peek().Member(ref reader, file, line);
                    break;
                default:
                    path = open.TryPeek(out var container) && container.IsList ? container.NextItem() : path;
                    break;
            }

            // A value stands where its name does.
            lines.byPath.TryAdd(path, line);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                open.Push(new Container(path, IsList: reader.TokenType == JsonTokenType.StartArray));
            }
        }

        return lines;
    }

    /// <summary>The line of the value with this path, from 1; null when it is not known.</summary>
    public int? Of(string path) => byPath.TryGetValue(path, out var line) ? line : null;

    /// <summary>The path of a member of an object.</summary>
    public static string PathOf(string owner, string name) => PlainName().IsMatch(name) ? $"{owner}.{name}" : $"{owner}['{name}']";

    [GeneratedRegex(@"\A[\w$-]+\z")]
    private static partial Regex PlainName();

    private sealed record Container(string Path, bool IsList)
    {
        private readonly HashSet<string> names = [];
        private int items;

        public string NextItem() => $"{Path}[{items++}]";

        public string Member(ref Utf8JsonReader reader, string file, int line)
        {
            var name = NameOf(ref reader) ?? throw Error(Path, "a name in this object is no Unicode text: mend it");
            return names.Add(name) ? PathOf(Path, name) : throw Error(PathOf(Path, name), "this member is there twice: keep one");

            AgentConfigurationException Error(string path, string problem) => new($"{file}, line {line}, {path}: {problem}.".ReplaceLineEndings(" "));
        }

        private static string? NameOf(ref Utf8JsonReader reader)
        {
            try
            {
                return reader.GetString();
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair.
                return null;
            }
        }
    }
}
