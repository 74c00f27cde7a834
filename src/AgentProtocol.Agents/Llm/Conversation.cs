using System.Text.Json;
using AgentProtocol.Agents.Llm.Tools;

namespace AgentProtocol.Agents.Llm;

/// <summary>The messages of a thread (wire-contract 7.3) while a run adds to them, and what they leave to be done.</summary>
internal sealed class Conversation(IReadOnlyList<JsonElement> messages)
{
    private readonly List<JsonElement> messages = [.. messages];

    /// <summary>The messages, oldest first.</summary>
    public IReadOnlyList<JsonElement> Messages => messages;

    /// <summary>The answer of the model that nothing but results of its calls has followed; null when it is the model's turn anyway.</summary>
    public JsonElement? LastAnswer => LastAnswerIndex is { } index ? messages[index] : null;

    /// <summary>How many final answers stand at the end, one after the other.</summary>
    public int AnswersAtEnd =>
        messages.Count - 1 - messages.FindLastIndex(message => !IsAnswer(message) || ToolCall.In(message).Count > 0);

    /// <summary>How often the model has answered since a person last spoke.</summary>
    public int TurnsSinceHuman =>
        messages.Skip(messages.FindLastIndex(message => MessageText.IsOfType(message, "human")) + 1).Count(IsAnswer);

    private int? LastAnswerIndex =>
        messages.FindLastIndex(message => !MessageText.IsOfType(message, "tool")) is >= 0 and var index && IsAnswer(messages[index])
            ? index
            : null;

    /// <summary>Calls of the last answer that have no result yet. Earlier ones never get one: somebody spoke in between.</summary>
    public IReadOnlyList<ToolCall> PendingCalls()
    {
        if (LastAnswerIndex is not { } index)
        {
            return [];
        }

        var answered = messages.Skip(index + 1).Select(message => MessageText.Property(message, "tool_call_id")).ToHashSet();
        return [.. ToolCall.In(messages[index]).Where(call => !answered.Contains(call.Id))];
    }

    /// <summary>Whether a call of this id was made before: some servers number the calls of each answer from 0.</summary>
    public bool Knows(string callId) => messages.Exists(message => ToolCall.In(message).Any(call => call.Id == callId));

    /// <summary>Takes in what a step has added to the state.</summary>
    public void Add(AgentEvent happened)
    {
        if (happened is AgentEvent.StateUpdate { Update: var update })
        {
            Add(update.GetProperty("messages").EnumerateArray());
        }
    }

    /// <summary>Adds messages, each in the place of the one with its id; those that say so remove it.</summary>
    public void Add(IEnumerable<JsonElement> added)
    {
        foreach (var message in added)
        {
            var id = MessageText.Property(message, "id");
            var index = id is null ? -1 : messages.FindIndex(other => MessageText.Property(other, "id") == id);
            if (MessageText.IsOfType(message, "remove"))
            {
                messages.RemoveAll(other => MessageText.Property(other, "id") == id);
            }
            else if (index < 0)
            {
                messages.Add(message);
            }
            else
            {
                messages[index] = message;
            }
        }
    }

    /// <summary>Not what an earlier run was still writing when it was stopped: whoever goes on from there wants an answer.</summary>
    private static bool IsAnswer(JsonElement message) => MessageText.IsOfType(message, "ai") && !IsUnfinished(message);

    private static bool IsUnfinished(JsonElement message) =>
        message.TryGetProperty("response_metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && MessageText.Property(metadata, "finish_reason") is "interrupted" or "timeout" or "error";
}
