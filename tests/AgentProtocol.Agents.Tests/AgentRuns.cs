using System.Text.Json;

namespace AgentProtocol.Agents.Tests;

/// <summary>Runs an agent without a server.</summary>
internal static class AgentRuns
{
    public static CancellationToken TestToken => TestContext.Current.CancellationToken;

    /// <summary>A run on a thread with these messages, each a JSON text.</summary>
    public static AgentContext On(params string[] messages) => new()
    {
        RunId = Guid.CreateVersion7(),
        ThreadId = Guid.CreateVersion7(),
        AgentId = "agent",
        Attempt = 1,
        CompletedSteps = 0,
        Input = default,
        State = new AgentState([.. messages.Select(message => JsonElement.Parse(message))], new Dictionary<string, JsonElement>()),
        Config = default,
        Context = default,
    };

    /// <summary>A run on a thread with one human message.</summary>
    public static AgentContext Saying(string text) => On(Human(text));

    public static string Human(string text) => JsonSerializer.Serialize(new { type = "human", id = "h1", content = text });

    public static async Task<List<AgentEvent>> EventsAsync(this IAgent agent, AgentContext context)
    {
        List<AgentEvent> events = [];
        await foreach (var e in agent.RunAsync(context, TestToken))
        {
            events.Add(e);
        }

        return events;
    }

    /// <summary>The only message of the last event, which has to be a state update.</summary>
    public static JsonElement Answer(this IEnumerable<AgentEvent> events) =>
        Assert.Single(Assert.IsType<AgentEvent.StateUpdate>(events.Last()).Update.GetProperty("messages").EnumerateArray());

    public static string Content(this JsonElement message) => message.GetProperty("content").GetString()!;
}
