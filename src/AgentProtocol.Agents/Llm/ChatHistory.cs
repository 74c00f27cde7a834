using System.Text.Json;
using AgentProtocol.Agents.Llm.Tools;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Turns the messages of a thread (wire-contract 7.3) into what a chat model reads.</summary>
internal static class ChatHistory
{
    private const string NoResult = "This call has no result: the work was stopped, and it may or may not have been made.";

    /// <summary>
    /// The instructions, if any, and behind them every message of the thread. Models want the result of each call right
    /// behind it, also where somebody spoke in between or a run was stopped before its tools were run.
    /// </summary>
    public static IEnumerable<ChatMessage> From(string? instructions, IReadOnlyList<JsonElement> messages)
    {
        if (instructions is not null)
        {
            yield return new ChatMessage(ChatRole.System, instructions);
        }

        HashSet<int> shown = [];
        for (var index = 0; index < messages.Count; index++)
        {
            if (shown.Contains(index))
            {
                continue;
            }

            yield return Convert(messages[index]);
            foreach (var call in ToolCall.In(messages[index]))
            {
                var result = ResultOf(call, messages, index);
                yield return result is { } found && shown.Add(found)
                    ? Convert(messages[found])
                    : new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.Id, NoResult)]);
            }
        }
    }

    /// <summary>The result of a call, before the next answer: its id may come again.</summary>
    private static int? ResultOf(ToolCall call, IReadOnlyList<JsonElement> messages, int index)
    {
        for (index++; index < messages.Count && !MessageText.IsOfType(messages[index], "ai"); index++)
        {
            if (MessageText.IsOfType(messages[index], "tool") && MessageText.Property(messages[index], "tool_call_id") == call.Id)
            {
                return index;
            }
        }

        return null;
    }

    private static ChatMessage Convert(JsonElement message) => MessageText.Property(message, "type") switch
    {
        "ai" => new ChatMessage(ChatRole.Assistant, [.. Texts(message), .. ToolCall.In(message).Select(ToContent)]),
        "system" => new ChatMessage(ChatRole.System, Texts(message)),
        "tool" => new ChatMessage(ChatRole.Tool, [ToolResult(message)]),

        // A type that no model has is still something that was said to it.
        _ => new ChatMessage(ChatRole.User, UserContent.Of(message)),
    };

    private static List<AIContent> Texts(JsonElement message) =>
        [.. MessageText.PartsOf(message).Select(text => new TextContent(text))];

    private static FunctionCallContent ToContent(ToolCall call) =>
        new(call.Id, call.Name, call.Arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value));

    private static FunctionResultContent ToolResult(JsonElement message) =>
        new(MessageText.Property(message, "tool_call_id") ?? "", MessageText.Of(message));
}
