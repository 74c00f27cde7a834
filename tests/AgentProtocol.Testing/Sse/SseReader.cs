using System.Globalization;
using System.Runtime.CompilerServices;

namespace AgentProtocol.Testing.Sse;

/// <summary>Reads an event stream strictly: what our server never sends is an error, not something to be skipped.</summary>
public static class SseReader
{
    /// <summary>The events in the order of their arrival, until the stream ends.</summary>
    /// <exception cref="InvalidDataException">A frame is not as wire-contract 6.1 wants it.</exception>
    public static async IAsyncEnumerable<SseEvent> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        var lines = new List<string>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(':'))
            {
                continue;
            }

            if (line.Length > 0)
            {
                lines.Add(line);
                continue;
            }

            yield return Parse(lines);
            lines.Clear();
        }

        if (lines.Count > 0)
        {
            throw new InvalidDataException($"The stream ended inside of an event: {string.Join(" / ", lines)}");
        }
    }

    private static SseEvent Parse(List<string> lines)
    {
        string? id = null, name = null, data = null;
        foreach (var line in lines)
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var value = line[(colon + 2)..];
            switch (line[..Math.Max(colon, 0)])
            {
                case "id" when id is null:
                    id = value;
                    break;
                case "event" when name is null:
                    name = value;
                    break;
                case "data" when data is null && value.Length > 0:
                    data = value;
                    break;
                default:
                    throw new InvalidDataException($"Unexpected line in an event: {line}");
            }
        }

        return name is null || data is null
            ? throw new InvalidDataException($"An event without name or data: {string.Join(" / ", lines)}")
            : new SseEvent(id is null ? null : long.Parse(id, CultureInfo.InvariantCulture), name, data);
    }
}
