using System.Text.Json;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>What an answer to a wait shows (wire-contract 12 row 2).</summary>
internal enum WaitShape
{
    /// <summary>The values of the state, for the SDKs.</summary>
    Values,

    /// <summary>The run with its values and messages, for Agent Protocol clients.</summary>
    Envelope,
}

/// <summary>Writes the end of a run.</summary>
internal static class WaitDocument
{
    public static void Write(Utf8JsonWriter writer, WaitShape shape, Run known, RunResult result)
    {
        if (shape == WaitShape.Envelope)
        {
            WriteEnvelope(writer, known, result);
        }
        else if (result.Error is { } failure)
        {
            WriteFailure(writer, failure.Type, failure.Message);
        }
        else
        {
            writer.WriteRawValue(WithInterrupts(result), skipInputValidation: true);
        }
    }

    public static void WriteFailure(Utf8JsonWriter writer, string type, string message)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("__error__");
        writer.WriteString("error", type);
        writer.WriteString("message", message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Never null: the JavaScript SDK looks for a key in it. Open questions stand beside the values (wire-contract 4.5).</summary>
    private static string WithInterrupts(RunResult result)
    {
        var values = result.Values.Text is "null" ? "{}" : result.Values.Text;
        return result.Interrupts is not { } interrupts ? values
            : values is "{}" ? $"{{\"__interrupt__\":{interrupts.Text}}}"
            : $"{values.AsSpan(0, values.LastIndexOf('}'))},\"__interrupt__\":{interrupts.Text}}}";
    }

    private static void WriteEnvelope(Utf8JsonWriter writer, Run known, RunResult result)
    {
        // A run that was rolled back is gone; what is still known of it tells the client what happened.
        var run = (result.Run ?? known with { Status = RunStatus.Interrupted }).AsProtocolShows();
        JsonSerializer.Serialize(
            writer,
            new RunWaitResponse
            {
                Run = run,
                Values = WithoutMessages(result.Values),
                Messages = result.Messages.Text is "null" ? RawJson.EmptyArray : result.Messages,
                Status = run.Status,
            },
            ProtocolJsonContext.Default.RunWaitResponse);
    }

    /// <summary>The protocol wants <c>messages</c> beside the values, not in them (wire-contract 12 row 7).</summary>
    private static RawJson WithoutMessages(RawJson values)
    {
        using var document = JsonDocument.Parse(values.Text, new JsonDocumentOptions { MaxDepth = JsonScratch.WriterOptions.MaxDepth });
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return RawJson.EmptyObject;
        }

        if (!document.RootElement.TryGetProperty("messages", out _))
        {
            return values;
        }

        var members = document.RootElement.EnumerateObject().Where(member => member.Name != "messages").Select(member => member.ToString());
        return new RawJson($"{{{string.Join(',', members)}}}");
    }
}
