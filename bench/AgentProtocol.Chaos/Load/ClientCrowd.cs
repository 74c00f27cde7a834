using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>Clients that play one story after the other. Told to stop, each finishes the one it is in: its waits are part of the proof.</summary>
internal sealed class ClientCrowd(ChaosOptions options, IReadOnlyList<Uri> addresses, Ledger ledger)
{
    /// <summary>Plays until told to stop.</summary>
    /// <param name="quiet">No more stories.</param>
    /// <param name="over">Gives up those that have begun.</param>
    public Task RunAsync(CancellationToken quiet, CancellationToken over) =>
        Task.WhenAll(Enumerable.Range(1, options.Clients).Select(number => PlayAsync(number, quiet, over)));

    private async Task PlayAsync(int number, CancellationToken quiet, CancellationToken over)
    {
        using var client = new Supervisor(number, addresses, ledger, new LockedRandom(unchecked((options.Seed * 397) + number)), over);
        while (!quiet.IsCancellationRequested)
        {
            try
            {
                await Scenarios.PlayAsync(client);
            }
            catch (Exception exception) when (!over.IsCancellationRequested)
            {
                // Something that no story expects is a finding, not the end of the client.
                ledger.Violation($"client {number}: {exception}");
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
