using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Reads headers of requests. Their values may refer to environment variables, for no key is written into the file.</summary>
internal static partial class HeaderConfiguration
{
    /// <summary>What the requests are made of; a header of the file would contradict it.</summary>
    private static readonly string[] Taken = ["content-type", "content-length", "transfer-encoding", "connection", "host", "idempotency-key", "accept", "last-event-id"];

    public static IReadOnlyDictionary<string, string> Read(ConfigurationNode? headers, ConfigurationValues values)
    {
        Dictionary<string, string> read = new(StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers?.Members() ?? [])
        {
            if (!NameForm().IsMatch(header.Name) || Taken.Contains(header.Name, StringComparer.OrdinalIgnoreCase))
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
