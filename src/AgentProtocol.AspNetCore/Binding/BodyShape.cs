using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Says in wire names where the JSON of a body has the wrong shape, and what belongs there.</summary>
internal static class BodyShape
{
    public static ProtocolException Refuse(JsonException exception, JsonTypeInfo type)
    {
        var path = Segments(exception.Path);
        return Refuse(path, Find(path, type) is { } property ? Expected(property.PropertyType) : "has the wrong type");
    }

    /// <summary>The innermost member on a path that the types know; places in lists and keys of users have no types of their own.</summary>
    private static JsonPropertyInfo? Find(IReadOnlyList<string> path, JsonTypeInfo type)
    {
        JsonPropertyInfo? found = null;
        foreach (var name in path)
        {
            if (type.Properties.FirstOrDefault(candidate => candidate.Name == name) is not { } member)
            {
                break;
            }

            found = member;
            if (!type.Options.TryGetTypeInfo(member.PropertyType, out var inner))
            {
                break;
            }

            type = inner;
        }

        return found;
    }

    public static ProtocolException Refuse(IReadOnlyList<string> path, string problem)
    {
        var name = path.Count == 0 ? "body" : string.Join('.', path);
        return new ProtocolException(
            ErrorCode.ValidationError, $"{name}: {problem}", [new FieldError(["body", .. path], problem, "type_error")]);
    }

    /// <summary>The parts of a path such as <c>$.ids[0]</c> or <c>$['odd name']</c>.</summary>
    internal static List<string> Segments(string? path)
    {
        List<string> segments = [];
        var rest = path.AsSpan(path is ['$', ..] ? 1 : 0);
        while (!rest.IsEmpty)
        {
            var (start, length, next) = rest switch
            {
                ['[', '\'', ..] => Bounded(rest, 2, "']"),
                ['[', ..] => Bounded(rest, 1, "]"),
                _ => Dotted(rest),
            };
            segments.Add(rest.Slice(start, length).ToString());
            rest = rest[next..];
        }

        return segments;
    }

    private static (int Start, int Length, int Next) Bounded(ReadOnlySpan<char> rest, int start, string end)
    {
        var length = rest[start..].IndexOf(end);
        return length < 0 ? (start, rest.Length - start, rest.Length) : (start, length, start + length + end.Length);
    }

    private static (int Start, int Length, int Next) Dotted(ReadOnlySpan<char> rest)
    {
        var start = rest[0] == '.' ? 1 : 0;
        var length = rest[start..].IndexOfAny('.', '[');
        return length < 0 ? (start, rest.Length - start, rest.Length) : (start, length, start + length);
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(string) => "must be a string",
            _ when type == typeof(int) || type == typeof(long) => "must be an integer",
            _ when type == typeof(double) => "must be a number",
            _ when type == typeof(bool) => "must be true or false",
            _ when type == typeof(RunTimeouts) => "must be an object",
            _ when type == typeof(Guid) => "must be a UUID",
            _ when type == typeof(IReadOnlyList<Guid>) => "must be a list of UUIDs",
            _ when type == typeof(IReadOnlyList<string>) => "must be a list of strings",
            { IsEnum: true } => $"must be one of {string.Join(", ", WireEnum.Texts(type))}",
            _ => "has the wrong type",
        };
    }
}
