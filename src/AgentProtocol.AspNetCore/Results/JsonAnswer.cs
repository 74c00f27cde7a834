using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Results;

/// <summary>Writes a JSON answer with its length, in one piece.</summary>
internal static class JsonAnswer
{
    public static async Task WriteAsync<T>(HttpResponse response, int status, T value, JsonTypeInfo<T> type)
    {
        var scratch = JsonScratch.Rent();
        try
        {
            JsonSerializer.Serialize(scratch.Writer, value, type);
            await SendAsync(response, status, scratch);
        }
        finally
        {
            scratch.Return();
        }
    }

    /// <summary>Sends what was written into the scratch buffer.</summary>
    public static async Task SendAsync(HttpResponse response, int status, JsonScratch scratch)
    {
        scratch.Writer.Flush();
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = scratch.Buffer.WrittenCount;

        // Started first, the body goes straight into the connection's buffer instead of a detour in memory.
        await response.StartAsync();
        response.BodyWriter.Write(scratch.Buffer.WrittenSpan);
    }
}
