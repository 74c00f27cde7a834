using System.Collections.Concurrent;
using System.Globalization;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>Reads the events of a run to their end, and comes back with <c>Last-Event-ID</c> when the connection breaks, as the SDKs do.</summary>
internal sealed class RunFollower(HttpClient client, string threadId, string runId)
{
    private readonly ConcurrentQueue<SseEvent> seen = new();
    private int connections;

    public IReadOnlyList<SseEvent> Seen => [.. seen];

    /// <summary>How often it had to come back.</summary>
    public int Returns => Volatile.Read(ref connections) - 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task FollowAsync() => Until.TrueAsync(ReadAsync, Token, TimeSpan.FromMinutes(5));

    /// <summary>Whether the stream ended in order.</summary>
    private async Task<bool> ReadAsync()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/threads/{threadId}/runs/{runId}/stream");
            request.Headers.Add("Last-Event-ID", (seen.LastOrDefault()?.Id ?? -1).ToString(CultureInfo.InvariantCulture));
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            answer.EnsureSuccessStatusCode();
            Interlocked.Increment(ref connections);
            await foreach (var item in answer.EventsAsync())
            {
                seen.Enqueue(item);
            }

            return true;
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or InvalidDataException)
        {
            return false;
        }
    }
}
