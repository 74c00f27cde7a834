using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Reads headers of requests. Their values may refer to environment variables, for no key is written into the file.</summary>
internal static partial class HeaderConfiguration
{
    /// <summary>What requests to agents are made of; a header of the file would contradict it.</summary>
    public static readonly string[] OfAgents = ["idempotency-key", "accept", "last-event-id"];

    /// <summary>What every request is made of.</summary>
    private static readonly string[] OfRequests = ["content-type", "content-length", "transfer-encoding", "connection", "host"];

    /// <summary>Headers by name; none when there is no such member.</summary>
    /// <param name="headers">The member.</param>
    /// <param name="values">The variables.</param>
    /// <param name="taken">Names that cannot be chosen besides those of every request, in lower case.</param>
    public static IReadOnlyDictionary<string, string> Read(ConfigurationNode? headers, ConfigurationValues values, params string[] taken)
    {
        Dictionary<string, string> read = new(StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers?.Members() ?? [])
        {
            if (!NameForm().IsMatch(header.Name) || OfRequests.Concat(taken).Contains(header.Name, StringComparer.OrdinalIgnoreCase))
            {
                throw header.Error("this is no header that can be chosen here: use another name, or remove it");
            }

            var value = values.Expanded(header).Trim();
            if (value.Length == 0 || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                // Without its text: it may be a key.
                throw header.Error("this must be visible ASCII characters, also after environment variables are put in: correct it or the variable");
            }

            if (!read.TryAdd(header.Name, value))
            {
                throw header.Error("this header is there twice: keep one");
            }
        }

        return read;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\z")]
    private static partial Regex NameForm();
}
