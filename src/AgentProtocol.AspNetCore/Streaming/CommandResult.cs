using System.Text;
using System.Text.Json;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Runs;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>What a command has led to.</summary>
/// <param name="Result">The object that is sent as <c>result</c>.</param>
/// <param name="Meta">Which run was started, if one was.</param>
internal readonly record struct CommandResult(RawJson Result, StreamingMeta? Meta = null)
{
    /// <summary>A command that has started a run and says no more.</summary>
    public static CommandResult Started(CreatedRun created) => new(RawJson.EmptyObject, MetaOf(created));

    /// <summary>A command that has started a run and says which.</summary>
    public static CommandResult Started(CreatedRun created, Action<Utf8JsonWriter> write) => Of(write) with { Meta = MetaOf(created) };

    /// <param name="write">Writes the members of the result.</param>
    public static CommandResult Of(Action<Utf8JsonWriter> write) => new(Write(write));

    /// <summary>Writes an object.</summary>
    public static RawJson Write(Action<Utf8JsonWriter> write)
    {
        var scratch = JsonScratch.Rent();
        try
        {
            scratch.Writer.WriteStartObject();
            write(scratch.Writer);
            scratch.Writer.WriteEndObject();
            scratch.Writer.Flush();
            return new RawJson(Encoding.UTF8.GetString(scratch.Buffer.WrittenSpan));
        }
        finally
        {
            scratch.Return();
        }
    }

    private static StreamingMeta MetaOf(CreatedRun created) =>
        new() { ThreadId = created.Run.ThreadId, AppliedThroughSeq = created.AppliedThroughSeq };
}

/// <summary>Writing what callers sent, unchanged.</summary>
internal static class CommandJson
{
    public static void WriteRaw(this Utf8JsonWriter writer, string name, JsonElement? value)
    {
        if (value is { } element)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(element.GetRawText(), skipInputValidation: true);
        }
    }
}
