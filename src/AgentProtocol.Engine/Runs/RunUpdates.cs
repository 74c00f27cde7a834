using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Runs;

/// <summary>The bodies of updates.</summary>
internal static class RunUpdates
{
    /// <summary>What the run that takes the place of one keeps of its request. Its configuration is the thread's by now.</summary>
    private static readonly string[] Kept =
        ["assistant_id", "agent_id", "context", "metadata", "stream_mode", "durability", "webhook", "interrupt_before", "interrupt_after", "timeouts"];

    /// <summary>Whether an input and messages hold at least one message.</summary>
    public static bool HasMessage(JsonElement? input, JsonElement? messages) =>
        IsMessages(messages)
        || (input is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty("messages", out var within) && IsMessages(within));

    /// <summary>Refuses what could not be merged into any state.</summary>
    /// <exception cref="ProtocolException">A message has an unknown shape, or there is none.</exception>
    public static void Check(RunUpdateCreate update)
    {
        if (update.Messages is { ValueKind: not (JsonValueKind.Array or JsonValueKind.Null) })
        {
            throw ProtocolException.InvalidField("messages", "must be a list of messages");
        }

        if (update.Input is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
        {
            throw ProtocolException.InvalidField("input", "must be an object with messages");
        }

        if (!HasMessage(update.Input, update.Messages))
        {
            throw ProtocolException.InvalidField("messages", "must hold at least one message, here or in input");
        }

        RunFactory.CheckInput(new RunCreate { Input = update.Input, Messages = update.Messages });
    }

    /// <summary>What of an update is merged: other members of its body mean nothing, and must not come to mean something later.</summary>
    public static RawJson ToInput(RunUpdateCreate update)
    {
        List<string> members = [];
        Add(members, "input", update.Input);
        Add(members, "messages", update.Messages);
        return new RawJson($"{{{string.Join(',', members)}}}");
    }

    /// <summary>The body of a run that brings the messages of an update to a thread whose agent takes none while it runs.</summary>
    /// <param name="request">The body of the run that was told.</param>
    /// <param name="update">The messages.</param>
    public static RawJson ToRun(string request, RunUpdateCreate update)
    {
        using var document = JsonDocument.Parse(request, JsonText.DocumentOptions);
        List<string> members = ["\"multitask_strategy\":\"interrupt\""];
        foreach (var member in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : default)
        {
            if (Kept.Contains(member.Name))
            {
                members.Add($"{JsonText.Quote(member.Name)}:{member.Value.GetRawText()}");
            }
        }

        Add(members, "input", update.Input);
        Add(members, "messages", update.Messages);
        return new RawJson($"{{{string.Join(',', members)}}}");
    }

    private static void Add(List<string> members, string name, JsonElement? value)
    {
        if (value is { } given)
        {
            members.Add($"{JsonText.Quote(name)}:{given.GetRawText()}");
        }
    }

    private static bool IsMessages(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() > 0 : element is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };
}
