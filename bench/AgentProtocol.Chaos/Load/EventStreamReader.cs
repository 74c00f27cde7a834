using System.Globalization;

namespace AgentProtocol.Chaos.Load;

/// <summary>One event of a run.</summary>
/// <param name="Number">Its id; null when it has none.</param>
/// <param name="Content">Its name and data.</param>
internal readonly record struct StreamedEvent(long? Number, string Content);

/// <summary>Reads server-sent events as they come; what a broken connection cuts in two counts as not received.</summary>
internal sealed class EventStreamReader(Stream stream) : IDisposable
{
    private readonly StreamReader reader = new(stream);

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<StreamedEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        long? number = null;
        string? name = null, data = null;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && name is not null)
            {
                return new StreamedEvent(number, $"{name} {data}");
            }

            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                number = long.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data += line[6..];
            }
        }

        return null;
    }

    public void Dispose() => reader.Dispose();
}
