using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Results;

/// <summary>
/// 200 with a list whose items are made while it is sent, one at a time. What goes wrong before the first is an ordinary
/// refusal; afterwards the connection breaks off, so that half a list is never taken for a whole one.
/// </summary>
internal sealed class StreamedList<T>(IAsyncEnumerable<T> items, JsonTypeInfo<T> type) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var source = items.GetAsyncEnumerator(httpContext.RequestAborted);
        var hasItem = await source.MoveNextAsync();

        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        await response.StartAsync(httpContext.RequestAborted);
        await using var writer = new Utf8JsonWriter(response.BodyWriter, JsonScratch.WriterOptions);
        writer.WriteStartArray();
        for (; hasItem; hasItem = await source.MoveNextAsync())
        {
            JsonSerializer.Serialize(writer, source.Current, type);
            await writer.FlushAsync(httpContext.RequestAborted);

            // Waits for a reader that is slower than we are.
            await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
        }

        writer.WriteEndArray();
    }
}
