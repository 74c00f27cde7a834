using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Events of a thread in the envelope of the streaming protocol (wire-contract 6.7).</summary>
internal static class ThreadFrames
{
    /// <param name="item">The event.</param>
    /// <param name="twins">Whether to repeat the id under the name that the Agent Protocol's document has for it.</param>
    public static StreamingEvent ToWire(in ThreadStreamEvent item, bool twins)
    {
        var id = item.Seq.ToString(CultureInfo.InvariantCulture);
        return new StreamingEvent
        {
            EventId = id,
            EventIdTwin = twins ? id : null,
            Seq = item.Seq,
            Method = item.Name,
            Params = new StreamingEventParams
            {
                Namespace = item.Namespace ?? [],
                Timestamp = item.Timestamp,
                Node = item.Node,
                Data = OneLine(item.Data),
            },
        };
    }

    /// <summary>A writer of server-sent events that shows what a filter lets pass.</summary>
    public static SseWriter<ThreadStreamEvent> Writer(EventFilter filter, bool twins) => (IBufferWriter<byte> output, in ThreadStreamEvent item) =>
    {
        if (!filter.Matches(item))
        {
            return;
        }

        var scratch = JsonScratch.Rent();
        try
        {
            JsonSerializer.Serialize(scratch.Writer, ToWire(item, twins), ProtocolJsonContext.Default.StreamingEvent);
            scratch.Writer.Flush();
            SseFrame.WriteLine(output, item.Seq, item.Name, scratch.Buffer.WrittenSpan);
        }
        finally
        {
            scratch.Return();
        }
    };

    /// <summary>Line breaks in valid JSON stand between tokens only, so that a blank does the same.</summary>
    private static RawJson OneLine(RawJson data) =>
        data.Text.AsSpan().ContainsAny('\n', '\r') ? new RawJson(data.Text.Replace('\n', ' ').Replace('\r', ' ')) : data;
}
