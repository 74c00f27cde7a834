using System.Net;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>Requests that create a run and stay open: the headers acknowledge it, the rest may break.</summary>
internal static class OpenRequests
{
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(30);

    /// <summary>Creates a run and reads its events, with further readers beside the first.</summary>
    public static async Task StreamAsync(Supervisor client, string? thread, Input input, int readers)
    {
        if (await CreateAsync(client, thread, input, "stream") is { } opened)
        {
            await Task.WhenAll(
                [Follower.FollowAsync(client, opened.Run, opened.Response), .. Enumerable.Range(1, readers - 1).Select(_ => Follower.FollowAsync(client, opened.Run))]);
        }
    }

    /// <summary>Creates a run and waits for its values.</summary>
    public static async Task WaitAsync(Supervisor client, string? thread, Input input)
    {
        if (await CreateAsync(client, thread, input, "wait") is not { } opened)
        {
            return;
        }

        using (opened.Response)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(client.Stop);
            patience.CancelAfter(BodyPatience);
            try
            {
                var text = await opened.Response.Content.ReadAsStringAsync(patience.Token);
                client.Ledger.Require(
                    text.Contains($"echo: {input.Text}\"", StringComparison.Ordinal) || text.Contains("__error__", StringComparison.Ordinal),
                    $"waiting for run {opened.Run.RunId} was answered without its answer: {text[..Math.Min(200, text.Length)]}");
            }
            catch (Exception exception) when (Wire.IsBroken(exception) && !client.Stop.IsCancellationRequested)
            {
                client.Ledger.Count("reconnects");
            }
        }

        await client.EndAsync(opened.Run);
    }

    private static async Task<(RunRecord Run, HttpResponseMessage Response)?> CreateAsync(Supervisor client, string? thread, Input input, string verb)
    {
        var path = thread is null ? $"/runs/{verb}" : $"/threads/{thread}/runs/{verb}";
        var key = client.IsKeyed() ? Supervisor.KeyOf(input) : null;
        while (true)
        {
            var response = await client.Wire.OpenAsync(HttpMethod.Post, path, Supervisor.Body(input), key, null, client.Stop);
            if (response is { StatusCode: HttpStatusCode.OK })
            {
                return (client.Ledger.Acknowledge(RunIdOf(response), thread, input), response);
            }

            if (response is not null)
            {
                client.Ledger.Violation($"creating a run for {input.Word} was answered with {(int)response.StatusCode}");
                response.Dispose();
                return null;
            }

            if (key is null)
            {
                client.Ledger.Unclear.Enqueue((thread, input));
                return null;
            }

            await Task.Delay(client.Random.Next(50, 400), client.Stop);
        }
    }

    private static string RunIdOf(HttpResponseMessage response)
    {
        var location = response.Content.Headers.TryGetValues("Content-Location", out var values) ? values.First() : response.Headers.GetValues("Content-Location").First();
        return location[^36..];
    }
}
