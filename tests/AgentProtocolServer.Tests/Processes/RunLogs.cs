using System.Text.Json;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>What must be true of the events of a run, however many processes wrote them.</summary>
internal static class RunLogs
{
    /// <summary>The numbers are 0, 1, 2, … and the first event is the run's.</summary>
    public static void AssertDense(IReadOnlyList<SseEvent> events, string runId)
    {
        Assert.Equal(Enumerable.Range(0, events.Count).Select(n => (long?)n), events.Select(item => item.Id));
        Assert.Equal("metadata", events[0].Name);
        Assert.Equal(runId, events[0].Data.Text("run_id"));
    }

    /// <summary>The steps that <c>steps N</c> has reported.</summary>
    public static int[] Steps(this IEnumerable<SseEvent> events) =>
        [.. events.Where(item => item.Name == "custom").Select(item => item.Data.GetProperty("step").GetInt32())];

    /// <summary>Reads on until the connection breaks; a polite end is an error.</summary>
    public static async Task ReadUntilBrokenAsync(IAsyncEnumerator<SseEvent> reading, List<SseEvent> events)
    {
        try
        {
            while (await reading.MoveNextAsync())
            {
                events.Add(reading.Current);
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or InvalidDataException)
        {
            return;
        }

        Assert.Fail("The stream ended as if the run had.");
    }

    /// <summary>Starts <c>echo</c> with a stream of custom events and values.</summary>
    public static Task<HttpResponseMessage> OpenStepsAsync(this HttpClient client, string threadId, string text) =>
        client.OpenAsync(HttpMethod.Post, $"/threads/{threadId}/runs/stream", new
        {
            assistant_id = "echo",
            input = Protocol.Say(text),
            stream_mode = new[] { "values", "custom", "messages-tuple" },
            stream_resumable = true,
        });

    public static string RunIdOf(HttpResponseMessage stream) => stream.Header("Content-Location")[^36..];

    /// <summary>The texts that users said in the inputs of runs, oldest run first.</summary>
    public static string[] Inputs(this JsonElement runs) =>
        [.. runs.EnumerateArray().Reverse().Select(run => run.GetProperty("input").GetProperty("messages")[0].Text("content"))];
}
