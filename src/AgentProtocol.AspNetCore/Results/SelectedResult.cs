using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Results;

/// <summary>200 with a list whose items show only the members that were asked for (wire-contract 1.5, <c>select</c>).</summary>
internal sealed class SelectedResult<T>(IReadOnlyList<T> items, JsonTypeInfo<T> type, IReadOnlyList<string> members) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var scratch = JsonScratch.Rent();
        try
        {
            Write(scratch.Writer);
            await JsonAnswer.SendAsync(httpContext.Response, StatusCodes.Status200OK, scratch);
        }
        finally
        {
            scratch.Return();
        }
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        var whole = new ArrayBufferWriter<byte>();
        foreach (var item in items)
        {
            whole.ResetWrittenCount();
            using (var itemWriter = new Utf8JsonWriter(whole, JsonScratch.WriterOptions))
            {
                JsonSerializer.Serialize(itemWriter, item, type);
            }

            using var document = JsonDocument.Parse(whole.WrittenMemory, new JsonDocumentOptions { MaxDepth = JsonScratch.WriterOptions.MaxDepth });
            writer.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (members.Contains(member.Name))
                {
                    writer.WritePropertyName(member.Name);
                    writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
