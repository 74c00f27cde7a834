using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>One content block of a message from its start to its finish, as JSON text (wire-contract 6.11, <c>messages</c>).</summary>
/// <param name="Start">The block when it begins.</param>
/// <param name="Delta">All of it as one piece; null when it begins complete.</param>
/// <param name="Finish">The block when it is complete.</param>
internal readonly record struct ContentBlock(string Start, string? Delta, string Finish);

/// <summary>The content of a message as blocks: its text or its list of blocks, then its tool calls.</summary>
internal static class ContentBlocks
{
    public static IEnumerable<ContentBlock> Of(JsonElement message)
    {
        var content = message.GetProperty("content");
        if (content.ValueKind == JsonValueKind.Array)
        {
            foreach (var block in content.EnumerateArray())
            {
                yield return block.ValueKind == JsonValueKind.String ? Text(block) : Block(block);
            }
        }
        else if (content.ValueKind != JsonValueKind.String || content.GetString() != "" || !HasToolCalls(message))
        {
            yield return Text(content);
        }

        foreach (var call in HasToolCalls(message) ? message.GetProperty("tool_calls").EnumerateArray() : default)
        {
            yield return ToolCall(call);
        }
    }

    private static bool HasToolCalls(JsonElement message) =>
        message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0;

    private static ContentBlock Text(JsonElement text)
    {
        var json = text.ValueKind == JsonValueKind.String ? text.GetRawText() : JsonText.Quote(text.GetRawText());
        return new ContentBlock(
            """{"type":"text","text":""}""", $$"""{"type":"text-delta","text":{{json}}}""", $$"""{"type":"text","text":{{json}}}""");
    }

    private static ContentBlock Block(JsonElement block)
    {
        var json = JsonText.SingleLine(block.GetRawText());
        return block.ValueKind == JsonValueKind.Object && block.TryGetProperty("type", out var type) && type.TextOrNull() == "text"
            && block.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
            ? Text(text) with { Finish = json }
            : new ContentBlock(json, null, json);
    }

    private static ContentBlock ToolCall(JsonElement call)
    {
        var args = Member(call, "args", "{}");
        var common = $"\"id\":{Member(call, "id", "null")},\"name\":{Member(call, "name", "\"\"")}";
        return new ContentBlock(
            $$"""{"type":"tool_call_chunk",{{common}},"args":""}""",
            $$$"""{"type":"block-delta","fields":{"type":"tool_call_chunk","args":{{{JsonText.Quote(args)}}}}}""",
            $$"""{"type":"tool_call",{{common}},"args":{{args}}}""");
    }

    private static string Member(JsonElement call, string name, string otherwise) =>
        call.ValueKind == JsonValueKind.Object && call.TryGetProperty(name, out var value) ? JsonText.SingleLine(value.GetRawText()) : otherwise;
}
