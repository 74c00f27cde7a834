using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>A state as agents see it.</summary>
internal static class AgentStates
{
    public static AgentState From(StateValues state)
    {
        var messages = new JsonElement[state.Messages.Length];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = JsonText.Parse(state.Messages[i].Json);
        }

        var values = new Dictionary<string, JsonElement>();
        foreach (var (key, json) in state.Others)
        {
            values.Add(key, JsonText.Parse(json));
        }

        return new AgentState(messages, values);
    }
}
