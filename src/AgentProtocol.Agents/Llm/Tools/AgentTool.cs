using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Another agent of this server as a tool: each call is a run of it, on a thread of its own.</summary>
internal static class AgentTool
{
    private static JsonElement Schema { get; } = JsonElement.Parse(
        """{"type":"object","properties":{"task":{"type":"string","description":"What to do, with everything that has to be known for it"}},"required":["task"]}"""u8);

    /// <summary>The tool.</summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="name">The tool's name.</param>
    /// <param name="description">What the agent does, for the model.</param>
    public static AIFunction For(string agentId, string name, string description) => new DescribedTool(
        name, description, Schema, (arguments, cancellationToken) => RunAsync(agentId, arguments, cancellationToken));

    private static async Task<string> RunAsync(string agentId, AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var task = DescribedTool.Text(arguments, "task");

        // Under the id of the call, so that after a crash the child that was started before is found again.
        var child = await arguments.Run.Children.RunAsync(new ChildRun(agentId, arguments.CallId, Input(task)), cancellationToken);
        return child.Status == "success"
            ? child.State.Messages.LastOrDefault(message => MessageText.IsOfType(message, "ai")) is { ValueKind: JsonValueKind.Object } answer ? MessageText.Of(answer) : ""
            : throw new ToolException($"The agent {agentId} ended with {child.Status}{(child.Error is null ? "" : $": {child.Error}")}.");
    }

    private static JsonElement Input(string task) => AgentJson.Write(64 + task.Length, task, static (writer, text) =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("messages"u8);
        writer.WriteStartObject();
        writer.WriteString("role"u8, "user"u8);
        writer.WriteString("content"u8, text);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
