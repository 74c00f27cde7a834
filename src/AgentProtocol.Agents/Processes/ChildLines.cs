using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Processes;

/// <summary>Understands the lines of one program.</summary>
/// <param name="firstNode">The step of lines that name none.</param>
/// <param name="time">The clock that message ids are made with.</param>
internal sealed class ChildLines(string firstNode, TimeProvider time)
{
    /// <summary>The message that pieces without an id belong to, until it comes whole.</summary>
    private string? openMessage;

    /// <exception cref="AgentException">The line is not what it should be.</exception>
    public ChildLine Read(ReadOnlyMemory<byte> text)
    {
        if (text.Span.Trim(" \t\r"u8).IsEmpty)
        {
            return new ChildLine.Nothing();
        }

        var line = new LineMembers(text);
        return line.Text("type") switch
        {
            "delta" => Says(new AgentEvent.MessageDelta(Node(line), line.OptionalText("message_id") ?? (openMessage ??= NewId()), line.Text("text"))),
            "message" => Says(new AgentEvent.StateUpdate(Node(line), Message(line))),
            "update" => Says(Update(line)),
            "step" => Says(new AgentEvent.StepStarted(Node(line))),
            "progress" => Says(new AgentEvent.Progress(line.OptionalNumber("percent"), line.OptionalText("phase"), line.OptionalText("note"))),
            "artifact" => Says(new AgentEvent.Artifact(line.Text("name"), line.Any("content"))),
            "tool_start" => Says(new AgentEvent.ToolStarted(line.Text("id"), line.Text("name"), line.OptionalAny("input"))),
            "tool_output" => Says(new AgentEvent.ToolOutput(line.Text("id"), line.Any("delta"))),
            "tool_end" => Says(new AgentEvent.ToolFinished(line.Text("id"), line.Any("output"))),
            "tool_error" => Says(new AgentEvent.ToolFailed(line.Text("id"), line.Text("message"))),
            "custom" => Says(new AgentEvent.Custom(line.Any("data"))),
            "usage" => Says(new AgentEvent.Usage(line.Count("input_tokens"), line.Count("output_tokens"))),
            "interrupt" => Says(new AgentEvent.Interrupt(line.Any("value"), line.OptionalText("id"))),
            "log" => new ChildLine.Logs(Level(line.OptionalText("level")), PrintableText.Of(line.Text("message"))),
            "error" => new ChildLine.Failed(PrintableText.Of(line.Text("message")), line.Flag("retryable")),
            "ready" => new ChildLine.Ready(),
            "done" => new ChildLine.Done(),
            var other => new ChildLine.Unknown(PrintableText.Of(other)),
        };
    }

    private static ChildLine.Says Says(AgentEvent happened) => new(happened);

    private string Node(LineMembers line) => line.OptionalText("node") ?? firstNode;

    private AgentEvent.StateUpdate Update(LineMembers line)
    {
        openMessage = null;
        return new AgentEvent.StateUpdate(Node(line), line.Object("values"));
    }

    /// <summary>An update with one message of the agent. Members that are not ours belong to the message.</summary>
    private JsonElement Message(LineMembers line)
    {
        var id = line.OptionalText("message_id") ?? line.OptionalText("id") ?? openMessage ?? NewId();
        line.Any("content");
        openMessage = null;
        return AgentJson.Write(1024, (id, line), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages"u8);
            writer.WriteStartObject();
            writer.WriteString("type"u8, "ai"u8);
            writer.WriteString("id"u8, value.id);
            foreach (var member in value.line.All)
            {
                if (member.Name is not ("type" or "id" or "message_id" or "node"))
                {
                    writer.WritePropertyName(member.Name);
                    writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
                }
            }

            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    private static LogLevel Level(string? name) => name switch
    {
        "debug" => LogLevel.Debug,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => LogLevel.Information,
    };
}
