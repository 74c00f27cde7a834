using System.Text.RegularExpressions;
using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Reads headers, whose secrets stay in environment variables.</summary>
internal static partial class HeaderConfiguration
{
    /// <summary>Headers by name; none when there is no such member.</summary>
    public static IReadOnlyDictionary<string, string> Read(ConfigurationNode? headers, ConfigurationValues values)
    {
        Dictionary<string, string> read = new(StringComparer.OrdinalIgnoreCase);
        foreach (var member in headers?.AsObject().Element.EnumerateObject() ?? [])
        {
            var header = headers!.Required(member.Name);
            if (!Name().IsMatch(member.Name) || !read.TryAdd(member.Name, Value(header, values)))
            {
                throw header.Error("this is no name for a header, or there twice: write it like \"X-Api-Key\"");
            }
        }

        return read;
    }

    private static string Value(ConfigurationNode header, ConfigurationValues values)
    {
        var value = Variable().Replace(header.Text(), match => values.Variable(header, match.Groups["name"].Value));
        return !value.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? value
            : throw header.Error("a header has no line breaks and only ASCII: mend it, or the environment variable in it");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\{env:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}
