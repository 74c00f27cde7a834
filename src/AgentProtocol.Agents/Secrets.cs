using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>
/// What programs and servers are given in confidence. Where they say it again, it is replaced before it reaches a log or the
/// callers of a run. That is meant for accidents: whoever wants to can say a key backwards.
/// </summary>
internal sealed class Secrets
{
    /// <summary>What is shorter than any key would only make words unreadable.</summary>
    public const int Shortest = 8;

    /// <summary>What stands in the place of a secret.</summary>
    public const string Mark = "***";

    // Longest first, or a part of one would be replaced and leave the rest.
    private string[] values = [];

    public Secrets(params IEnumerable<string?> values) => Add([.. values]);

    /// <summary>Learns of more. Not once the agent works.</summary>
    public void Add(params string?[] more) => values = [.. more.OfType<string>().SelectMany(Parts).Concat(values).Distinct().OrderByDescending(part => part.Length)];

    /// <summary>The text without them. To be asked before anything is cut off, which could leave the half of one.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public string? Conceal(string? text) => text is null ? null : values.Aggregate(text, (told, secret) => told.Replace(secret, Mark, StringComparison.Ordinal));

    /// <summary>The value without them in its texts; the value itself when there are none.</summary>
    public JsonElement Conceal(JsonElement value) => values.Length > 0 && AreIn(value) ? AgentJson.Write(1024, value, Write) : value;

    /// <summary>The failure without them.</summary>
    public AgentException Conceal(AgentException failure) => AreIn(failure.ToString()) ? new AgentException(Conceal(failure.Message), failure.Retryable) : failure;

    /// <summary>Whether one of them is in the text.</summary>
    public bool AreIn(string text) => values.Any(text.Contains);

    /// <summary>How much of the end of a text may be the beginning of one of them.</summary>
    public int BegunAtEndOf(string text) => values.Max(secret => (int?)Begun(text, secret)) ?? 0;

    /// <summary>Of "Bearer …" the second part alone is the secret, and a key of many lines is rarely said whole.</summary>
    private static IEnumerable<string> Parts(string value) => value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Append(value.Trim())

        // A place on this machine is no secret, and agents that work there have to be able to name it.
        .Where(part => part.Length >= Shortest && !Path.Exists(part));

    private static int Begun(string text, string secret)
    {
        var length = Math.Min(secret.Length - 1, text.Length);
        while (length > 0 && !text.AsSpan().EndsWith(secret.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }

    private bool AreIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => AreIn(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(AreIn),
        JsonValueKind.String => AreIn(MessageText.Read(value)),
        _ => false,
    };

    private void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String when MessageText.Read(value) is var text && AreIn(text):
                writer.WriteStringValue(Conceal(text));
                break;
            default:
                writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
                break;
        }
    }
}
