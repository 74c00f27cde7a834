using System.Text.Json;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>A thread whose runs may die: what was committed stays, as an engine would keep it.</summary>
internal sealed class AgentThread(params string[] messages)
{
    private readonly List<JsonElement> messages = [.. messages.Select(message => JsonElement.Parse(message))];

    /// <summary>Other keys of the state.</summary>
    public Dictionary<string, JsonElement> Values { get; } = [];

    /// <summary>The messages, one line each.</summary>
    public string[] Lines => [.. messages.Select(Line)];

    public JsonElement Last => messages[^1];

    public static AgentThread Asking(string text) => new(AgentRuns.Human(text));

    /// <summary>The agent under test.</summary>
    public static IAgent Agent(ScriptedChat model, LlmAgentOptions options) => LlmAgents.Create("agent", model, options).Agent;

    public static IAgent Agent(ScriptedChat model, params AITool[] tools) => Agent(model, new LlmAgentOptions { Tools = tools });

    public void Say(string text) => messages.Add(JsonElement.Parse(JsonSerializer.Serialize(new { type = "human", id = $"h{messages.Count + 1}", content = text })));

    /// <summary>Runs the agent to its end, or until it is killed.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="with">What is special about the run.</param>
    /// <param name="killedAt">The event before which it dies; it is not committed any more.</param>
    /// <param name="stop">Stops the run; what it says then is still committed.</param>
    public async Task<List<AgentEvent>> RunAsync(
        IAgent agent, Func<AgentContext, AgentContext>? with = null, Func<AgentEvent, bool>? killedAt = null, CancellationToken? stop = null)
    {
        var context = AgentRuns.On() with { State = new AgentState([.. messages], Values) };
        List<AgentEvent> events = [];
        await foreach (var happened in agent.RunAsync(with?.Invoke(context) ?? context, stop ?? AgentRuns.TestToken))
        {
            if (killedAt?.Invoke(happened) is true)
            {
                break;
            }

            events.Add(happened);
            Commit(happened);
        }

        return events;
    }

    /// <summary>Adds what callers have sent, as the engine does when it is taken.</summary>
    public IReadOnlyList<JsonElement> Take(params string[] texts)
    {
        var before = messages.Count;
        foreach (var text in texts)
        {
            Say(text);
        }

        return messages[before..];
    }

    private static string Line(JsonElement message) => message.GetProperty("type").GetString() switch
    {
        "tool" => $"tool {message.GetProperty("tool_call_id")} {message.GetProperty("status")}: {message.Content()}",
        "ai" when message.TryGetProperty("tool_calls", out var calls) =>
            $"ai: {message.Content()}{string.Join(' ', calls.EnumerateArray().Select(call => $"{call.GetProperty("id")}={call.GetProperty("name")}({call.GetProperty("args").GetRawText()})"))}",
        var type => $"{type}: {message.Content()}",
    };

    private void Commit(AgentEvent happened)
    {
        if (happened is not AgentEvent.StateUpdate { Update: var update })
        {
            return;
        }

        foreach (var member in update.EnumerateObject().Where(member => member.Name != "messages"))
        {
            Values[member.Name] = member.Value;
        }

        foreach (var message in update.GetProperty("messages").EnumerateArray())
        {
            var index = messages.FindIndex(other => other.GetProperty("id").GetString() == message.GetProperty("id").GetString());
            if (index < 0)
            {
                messages.Add(message);
            }
            else
            {
                messages[index] = message;
            }
        }
    }
}
