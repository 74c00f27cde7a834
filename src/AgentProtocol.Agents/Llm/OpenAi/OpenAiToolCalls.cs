using System.Text;
using AgentProtocol.Agents.Llm.Models;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>The tool calls of an answer, put together from the fragments in which they arrive.</summary>
internal sealed class OpenAiToolCalls
{
    private readonly List<Call> calls = [];

    /// <summary>Takes in the fragments of the next part.</summary>
    public void Add(IEnumerable<StreamingChatToolCallUpdate> fragments)
    {
        foreach (var fragment in fragments)
        {
            var call = calls.FindLast(begun => begun.Index == fragment.Index);

            // Some servers give every call the number 0, and only their ids tell them apart.
            if (call is null || (fragment.ToolCallId is { Length: > 0 } id && call.Id is not null && call.Id != id))
            {
                calls.Add(call = new Call(fragment.Index));
            }

            call.Id ??= fragment.ToolCallId is { Length: > 0 } given ? given : null;
            call.Name ??= fragment.FunctionName is { Length: > 0 } name ? name : null;
            call.Arguments.Append(fragment.FunctionArgumentsUpdate);
        }
    }

    /// <summary>The whole calls, in their order.</summary>
    public List<AIContent> ToContents() =>
        [.. calls.Select(call => WrittenArguments.Read(call.Id ?? $"call_{Guid.NewGuid():N}", call.Name ?? "", call.Arguments.ToString()))];

    private sealed class Call(int index)
    {
        public int Index { get; } = index;

        public string? Id { get; set; }

        public string? Name { get; set; }

        public StringBuilder Arguments { get; } = new();
    }
}
