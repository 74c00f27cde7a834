using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>What happens to tool calls, as the two projections show it.</summary>
internal static class ToolText
{
    /// <summary>Data of the stream mode <c>tools</c>, with its camelCase id (wire-contract 6.3).</summary>
    public static string ForMode(AgentEvent.Tool tool) => tool switch
    {
        AgentEvent.ToolStarted started =>
            $$"""{"event":"on_tool_start","toolCallId":{{JsonText.Quote(tool.CallId)}},"name":{{JsonText.Quote(started.Name)}},"input":{{Json(started.Input)}}}""",
        AgentEvent.ToolOutput output => $$"""{"event":"on_tool_event","toolCallId":{{JsonText.Quote(tool.CallId)}},"data":{{Json(output.Delta)}}}""",
        AgentEvent.ToolFinished finished => $$"""{"event":"on_tool_end","toolCallId":{{JsonText.Quote(tool.CallId)}},"output":{{Json(finished.Output)}}}""",
        AgentEvent.ToolFailed failed => $$"""{"event":"on_tool_error","toolCallId":{{JsonText.Quote(tool.CallId)}},"error":{{JsonText.Quote(failed.Message)}}}""",
        _ => throw new ArgumentOutOfRangeException(nameof(tool)),
    };

    /// <summary>Data of the protocol's channel <c>tools</c> (wire-contract 6.11).</summary>
    public static string ForProtocol(AgentEvent.Tool tool) => tool switch
    {
        AgentEvent.ToolStarted started =>
            $$"""{"event":"tool-started","tool_call_id":{{JsonText.Quote(tool.CallId)}},"tool_name":{{JsonText.Quote(started.Name)}},"input":{{Json(started.Input)}}}""",
        AgentEvent.ToolOutput output => $$"""{"event":"tool-output-delta","tool_call_id":{{JsonText.Quote(tool.CallId)}},"delta":{{Json(output.Delta)}}}""",
        AgentEvent.ToolFinished finished => $$"""{"event":"tool-finished","tool_call_id":{{JsonText.Quote(tool.CallId)}},"output":{{Json(finished.Output)}}}""",
        AgentEvent.ToolFailed failed => ProtocolError(tool.CallId, failed.Message, code: null),
        _ => throw new ArgumentOutOfRangeException(nameof(tool)),
    };

    /// <summary>The end of a tool call that failed or was lost.</summary>
    public static string ProtocolError(string callId, string message, string? code) =>
        $"{{\"event\":\"tool-error\",\"tool_call_id\":{JsonText.Quote(callId)},\"message\":{JsonText.Quote(message)}{(code is null ? "" : $",\"code\":\"{code}\"")}}}";

    /// <summary>Any JSON on one line; null for what was not given.</summary>
    public static string Json(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "null" : JsonText.SingleLine(value.GetRawText());
}
