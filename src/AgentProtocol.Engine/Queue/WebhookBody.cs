using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Queue;

/// <summary>What a webhook is told (wire-contract 5.13): the run, the values after it, and when things happened.</summary>
internal static class WebhookBody
{
    /// <summary>All but the times: the end's is the database's to say, and the delivery's is not known yet.</summary>
    /// <param name="run">The run as it will be shown from now on.</param>
    /// <param name="failed">Whether its error is a failure: only then is it told.</param>
    /// <param name="state">The state after it; without one there are no values.</param>
    public static string Compose(Run run, bool failed, StateValues? state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            JsonSerializer.Serialize(writer, run, ProtocolJsonContext.Default.Run);
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory, JsonText.DocumentOptions);
        var text = new StringBuilder("{");
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name != "updated_at" && (failed || member.Name != "error"))
            {
                text.Append(text.Length > 1 ? "," : "").AppendJsonString(member.Name).Append(':').Append(member.Value.GetRawText());
            }
        }

        return (state is null ? text : text.Append(",\"values\":").Append(state.ToJson())).Append('}').ToString();
    }

    /// <summary>The whole body, as it is sent.</summary>
    /// <param name="composed">What <see cref="Compose"/> made.</param>
    /// <param name="startedAt">When the run was first claimed; null when it never was.</param>
    /// <param name="endedAt">When it ended.</param>
    /// <param name="sentAt">When this delivery was begun.</param>
    public static string Complete(string composed, DateTime? startedAt, DateTime endedAt, DateTime sentAt) =>
        $"""{composed[..^1]},"updated_at":{Write(endedAt)},"run_started_at":{Write(startedAt)},"run_ended_at":{Write(endedAt)},"webhook_sent_at":{Write(sentAt)}{'}'}""";

    /// <summary>As the serializer writes times: no trailing zeros.</summary>
    private static string Write(DateTime? time) =>
        time is { } value ? value.ToString("'\"'yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK'\"'", CultureInfo.InvariantCulture) : "null";
}
