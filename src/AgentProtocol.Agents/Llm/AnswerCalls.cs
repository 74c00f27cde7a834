using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Writes the calls of an answer as a message has them (wire-contract 7.3).</summary>
internal static class AnswerCalls
{
    /// <summary>Writes <c>tool_calls</c> and <c>invalid_tool_calls</c>; nothing when there are none.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="calls">The calls.</param>
    /// <param name="isTaken">Whether an earlier answer has used an id.</param>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<FunctionCallContent> calls, Func<string, bool> isTaken)
    {
        // Results, children and approvals are found by the id of their call. Some servers send none, or count each answer's from 0.
        HashSet<string> own = [];
        var named = calls.Select(call => (Call: call, Id: IsFresh(call.CallId) && own.Add(call.CallId) ? call.CallId : $"call_{Guid.NewGuid():N}")).ToList();
        WriteList(writer, "tool_calls", named.Where(each => Mistake(each.Call) is null), WriteValid);
        WriteList(writer, "invalid_tool_calls", named.Where(each => Mistake(each.Call) is not null), WriteInvalid);

        bool IsFresh(string? id) => !string.IsNullOrEmpty(id) && !isTaken(id);
    }

    private static string? Mistake(FunctionCallContent call) =>
        string.IsNullOrEmpty(call.Name) ? "The call names no tool."
        : call.Exception?.Message;

    private static void WriteList(
        Utf8JsonWriter writer,
        string name,
        IEnumerable<(FunctionCallContent Call, string Id)> calls,
        Action<Utf8JsonWriter, FunctionCallContent, string> write)
    {
        var isBegun = false;
        foreach (var (call, id) in calls)
        {
            if (!isBegun)
            {
                writer.WriteStartArray(name);
                isBegun = true;
            }

            writer.WriteStartObject();
            write(writer, call, id);
            writer.WriteEndObject();
        }

        if (isBegun)
        {
            writer.WriteEndArray();
        }
    }

    private static void WriteValid(Utf8JsonWriter writer, FunctionCallContent call, string id)
    {
        writer.WriteString("name"u8, call.Name);
        writer.WriteStartObject("args"u8);
        foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, value, AIJsonUtilities.DefaultOptions);
        }

        writer.WriteEndObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("type"u8, "tool_call"u8);
    }

    private static void WriteInvalid(Utf8JsonWriter writer, FunctionCallContent call, string id)
    {
        writer.WriteString("name"u8, call.Name);
        writer.WriteString("args"u8, WrittenArguments.RawOf(call) ?? "");
        writer.WriteString("id"u8, id);
        writer.WriteString("error"u8, Mistake(call));
        writer.WriteString("type"u8, "invalid_tool_call"u8);
    }
}
