using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentProtocol.Agents;

namespace AgentProtocol.Engine.Tests.Assistants;

/// <summary>Says in the values <c>config</c> and <c>context</c> what it was given.</summary>
internal sealed class SettingsAgent : IAgent
{
    public static AgentDefinition Definition(string id = "settings") => new() { Id = id, Agent = new SettingsAgent() };

    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var text = new StringBuilder("{\"agent\":\"").Append(context.AgentId).Append("\",\"config\":").Append(Text(context.Config))
            .Append(",\"context\":").Append(Text(context.Context)).Append('}');
        yield return new AgentEvent.StateUpdate("settings", JsonDocument.Parse(text.ToString()).RootElement);
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "null" : value.GetRawText();
}
