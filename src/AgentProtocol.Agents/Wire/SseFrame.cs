using System.Runtime.CompilerServices;
using System.Text;

namespace AgentProtocol.Agents.Wire;

/// <summary>One event of an event stream.</summary>
/// <param name="Name">Its name; null when it has none.</param>
/// <param name="Data">Its data.</param>
/// <param name="Id">The latest id that the stream has named; null when it has named none.</param>
internal sealed record SseFrame(string? Name, string Data, string? Id)
{
    /// <summary>Reads a stream to its end, and takes whatever the standard allows.</summary>
    public static async IAsyncEnumerable<SseFrame> ReadAsync(BoundedLines lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? name = null, id = null;
        StringBuilder? data = null;
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                {
                    yield return new SseFrame(name, data.ToString(), id);
                }

                (name, data) = (null, null);
                continue;
            }

            var (field, value) = Split(line);
            switch (field)
            {
                case "event":
                    name = value;
                    break;
                case "id":
                    id = value;
                    break;
                case "data":
                    data = data is null ? new StringBuilder(value) : data.Append('\n').Append(value);
                    ThrowIfTooLong(data);
                    break;
            }
        }

        // A stream whose author forgot the last empty line. If it was cut off in the middle, the data is no JSON.
        if (data is not null)
        {
            yield return new SseFrame(name, data.ToString(), id);
        }
    }

    private static (string Field, string Value) Split(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (line, "") : (line[..colon], line[(colon + 1 < line.Length && line[colon + 1] == ' ' ? colon + 2 : colon + 1)..]);
    }

    private static void ThrowIfTooLong(StringBuilder data)
    {
        if (data.Length > BoundedLines.MaxBytes)
        {
            throw BoundedLines.TooLong();
        }
    }
}
