using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Http;

/// <summary>Reads what a service answers, in whatever form it does.</summary>
internal static class HttpAnswer
{
    /// <summary>The events of the answer.</summary>
    /// <param name="mediaType">The form of the answer.</param>
    /// <param name="lines">The answer.</param>
    /// <param name="json">Reads the events.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static IAsyncEnumerable<AgentEvent> ReadAsync(string? mediaType, BoundedLines lines, AgentEventJson json, CancellationToken cancellationToken) =>
        mediaType?.ToLowerInvariant() switch
        {
            "text/event-stream" => ReadStreamAsync(lines, json, cancellationToken),
            "application/x-ndjson" or "application/ndjson" or "application/jsonl" or "application/x-jsonlines" => ReadObjectsAsync(lines, json, cancellationToken),
            "application/json" => ReadWholeAsync(lines, json, cancellationToken),
            "text/plain" => ReadTextAsync(lines, json, cancellationToken),
            null => throw new AgentException("The agent answered without a content type"),
            _ => throw new AgentException($"The agent answered with the content type {mediaType}: it must be text/event-stream, application/x-ndjson or application/json"),
        };

    private static async IAsyncEnumerable<AgentEvent> ReadStreamAsync(
        BoundedLines lines, AgentEventJson json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var frame in SseFrame.ReadAsync(lines, cancellationToken))
        {
            // The word with which model servers end their streams.
            if (frame.Data == "[DONE]")
            {
                break;
            }

            var said = json.Parse(frame.Data);
            var isNamed = MessageText.Property(said, "type") is { } type && AgentEventJson.IsKnown(type);
            foreach (var happened in json.Read(said, isNamed ? null : frame.Name))
            {
                yield return happened;
            }

            if (json.IsDone)
            {
                yield break;
            }
        }

        foreach (var happened in json.Finish())
        {
            yield return happened;
        }
    }

    private static async IAsyncEnumerable<AgentEvent> ReadObjectsAsync(
        BoundedLines lines, AgentEventJson json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!json.IsDone && await lines.ReadAsync(cancellationToken) is { } line)
        {
            foreach (var happened in string.IsNullOrWhiteSpace(line) ? [] : json.Read(json.Parse(line)))
            {
                yield return happened;
            }
        }

        foreach (var happened in json.Finish())
        {
            yield return happened;
        }
    }

    /// <summary>A service of a few lines: its answer is one text, one event, or what it adds to the state.</summary>
    private static async IAsyncEnumerable<AgentEvent> ReadWholeAsync(
        BoundedLines lines, AgentEventJson json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = Parse(await lines.ReadToEndAsync(cancellationToken), json.Secrets);
        if (answer.ValueKind == JsonValueKind.String)
        {
            yield return Answer(MessageText.Read(answer));
        }
        else if (answer.ValueKind != JsonValueKind.Object)
        {
            throw new AgentException($"The agent answered with JSON that is neither an object nor a text: {PrintableText.BeginningOf(answer.GetRawText())}");
        }
        else if (MessageText.Property(answer, "type") is { } type && AgentEventJson.IsKnown(type))
        {
            foreach (var happened in json.Read(answer).Concat(json.Finish()))
            {
                yield return happened;
            }
        }
        else
        {
            yield return new AgentEvent.StateUpdate(HttpAgent.Node, answer);
        }
    }

    private static async IAsyncEnumerable<AgentEvent> ReadTextAsync(
        BoundedLines lines, AgentEventJson json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Answer(json.Secrets.Conceal(await lines.ReadToEndAsync(cancellationToken)));
    }

    private static AgentEvent.StateUpdate Answer(string text) => new(HttpAgent.Node, MessageJson.Answer(text));

    private static JsonElement Parse(string body, Secrets secrets)
    {
        try
        {
            return secrets.Conceal(JsonElement.Parse(body, AgentJson.DocumentOptions));
        }
        catch (JsonException)
        {
            throw new AgentException($"The agent answered with something that is no JSON: {PrintableText.BeginningOf(secrets.Conceal(body))}");
        }
    }
}
