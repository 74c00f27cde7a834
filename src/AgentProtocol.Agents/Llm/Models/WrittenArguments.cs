using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>
/// Reads the arguments of a tool call that a model wrote. What cannot be read becomes a call with <see cref="FunctionCallContent.Exception"/>
/// and the text itself, so that the agent can show both to the model and let it try again.
/// </summary>
internal static class WrittenArguments
{
    private const string RawKey = "arguments";

    /// <summary>The call with its arguments, or with what is wrong with them.</summary>
    public static FunctionCallContent Read(string callId, string name, string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new FunctionCallContent(callId, name, new Dictionary<string, object?>());
        }

        try
        {
            var arguments = JsonElement.Parse(text);
            return arguments.ValueKind switch
            {
                JsonValueKind.Object => new FunctionCallContent(callId, name, Members(arguments)),

                // Some models say this for a tool that takes nothing.
                JsonValueKind.Null => new FunctionCallContent(callId, name, new Dictionary<string, object?>()),
                _ => Malformed(callId, name, text, new FormatException("The arguments are JSON, but not an object.")),
            };
        }
        catch (JsonException exception)
        {
            return Malformed(callId, name, text, new FormatException($"The arguments are not valid JSON: {exception.Message}", exception));
        }
    }

    /// <summary>A call whose arguments could not be read.</summary>
    public static FunctionCallContent Malformed(string callId, string name, string text, Exception problem) => new(callId, name)
    {
        Exception = problem,
        AdditionalProperties = new AdditionalPropertiesDictionary { [RawKey] = text },
    };

    /// <summary>What the model wrote for arguments that could not be read; null for a call in order.</summary>
    public static string? RawOf(FunctionCallContent call) =>
        call.Exception is not null && call.AdditionalProperties?.TryGetValue(RawKey, out var text) == true ? text as string : null;

    private static Dictionary<string, object?> Members(JsonElement arguments)
    {
        Dictionary<string, object?> members = [];
        foreach (var member in arguments.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        return members;
    }
}
