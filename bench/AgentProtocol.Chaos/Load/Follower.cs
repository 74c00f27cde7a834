using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>Reads a run's events to the end, over as many connections as it takes, and compares them with what anybody saw.</summary>
internal static class Follower
{
    /// <summary>No stream is silent for so long: the server says that it is there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(25);

    /// <summary>Follows a run from its first event.</summary>
    /// <param name="client">Who reads.</param>
    /// <param name="run">The run.</param>
    /// <param name="first">A stream that is open already.</param>
    public static async Task FollowAsync(Supervisor client, RunRecord run, HttpResponseMessage? first = null)
    {
        var reading = new Reading(client, run);
        var response = first;
        while (true)
        {
            response ??= await client.Wire.OpenAsync(HttpMethod.Get, $"{run.Path}/stream", null, null, reading.Last, client.Stop);
            if (response is { StatusCode: System.Net.HttpStatusCode.NotFound })
            {
                response.Dispose();
                client.Ledger.SeeEnd(run, "erased");
                return;
            }

            if (response is not null && await reading.ReadAsync(response, Silence))
            {
                await EndedAsync(client, run, reading);
                return;
            }

            response = null;
            client.Ledger.Count("reconnects");
            await Task.Delay(client.Random.Next(20, 300), client.Stop);
        }
    }

    /// <summary>A stream that ends in order says that the run has ended, and that this was all.</summary>
    private static async Task EndedAsync(Supervisor client, RunRecord run, Reading reading)
    {
        var status = await client.StatusAsync(run);
        client.Ledger.Require(status is not ("pending" or "running"), $"the stream of run {run.RunId} ended although the run is {status}");
        if (status != "erased")
        {
            client.Ledger.Require(
                run.SeeLogEnd(reading.Last + 1), $"the log of run {run.RunId} ended with {run.EventsAtEnd} events, and later with {reading.Last + 1}");
        }
    }

    private sealed class Reading(Supervisor client, RunRecord run)
    {
        /// <summary>The number of the last event that was received; -1 before the first.</summary>
        public long Last { get; private set; } = -1;

        /// <summary>True when the stream ended in order, false when it broke or was dropped.</summary>
        public async Task<bool> ReadAsync(HttpResponseMessage response, TimeSpan silence)
        {
            var dropAt = client.Random.Next(4) == 0 ? client.Random.Next(1, 12) : int.MaxValue;
            using (response)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(client.Stop);
                try
                {
                    using var reader = new EventStreamReader(await response.Content.ReadAsStreamAsync(patience.Token));
                    for (var count = 1; ; count++)
                    {
                        patience.CancelAfter(silence);
                        if (await reader.ReadAsync(patience.Token) is not { } received)
                        {
                            return true;
                        }

                        Take(received);
                        if (count == dropAt)
                        {
                            client.Ledger.Count("dropped");
                            return false;
                        }
                    }
                }
                catch (Exception exception) when (Wire.IsBroken(exception) && !client.Stop.IsCancellationRequested)
                {
                    return false;
                }
            }
        }

        private void Take(StreamedEvent received)
        {
            if (received.Number is not { } number)
            {
                return;
            }

            client.Ledger.Count("events");
            client.Ledger.Require(number == Last + 1, $"run {run.RunId}: event {number} came behind {Last}");
            client.Ledger.Require(run.SeeEvent(number, received.Content), $"run {run.RunId}: event {number} is another than before: {received.Content}");
            Last = number;
        }
    }
}
