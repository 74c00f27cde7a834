using System.Text.Json;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>An inbox that a test fills.</summary>
internal sealed class ListInbox : IAgentInbox
{
    private readonly List<JsonElement> messages = [];

    public bool HasMessages => messages.Count > 0;

    public void Add(string message) => messages.Add(JsonElement.Parse(message));

    public Task WaitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<JsonElement> taken = [.. messages];
        messages.Clear();
        return Task.FromResult(taken);
    }
}
