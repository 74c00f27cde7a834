using System.Text;

namespace AgentProtocol.Engine.State;

/// <summary>A thread's state at one point. Immutable: each change makes a new one that shares what did not change.</summary>
internal sealed class StateValues
{
    private readonly StateMessage[]? messages;
    private readonly KeyValuePair<string, string>[] others;

    private StateValues(StateMessage[]? messages, KeyValuePair<string, string>[] others)
    {
        this.messages = messages;
        this.others = others;
    }

    public static StateValues Empty { get; } = new(null, []);

    /// <summary>Whether it has no key at all.</summary>
    public bool IsEmpty => messages is null && others.Length == 0;

    /// <summary>The messages, oldest first.</summary>
    public ReadOnlySpan<StateMessage> Messages => messages;

    /// <summary>Whether there is a list of messages, be it empty.</summary>
    public bool HasMessages => messages is not null;

    /// <summary>Every key but <c>messages</c>, in the order in which they were first set, as JSON text.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> Others => others;

    public int IndexOf(string messageId) =>
        messages is null ? -1 : Array.FindIndex(messages, message => message.Id == messageId);

    public StateValues WithMessages(StateMessage[] changed) => new(changed, others);

    public StateValues With(string key, string json)
    {
        var index = Array.FindIndex(others, pair => pair.Key == key);
        if (index < 0)
        {
            return new StateValues(messages, [.. others, new(key, json)]);
        }

        var changed = others.ToArray();
        changed[index] = new(key, json);
        return new StateValues(messages, changed);
    }

    /// <summary>The state as one JSON object, <c>messages</c> first.</summary>
    public string ToJson() => Render(withMessages: true);

    /// <summary>The state without <c>messages</c>, as kept in the thread's head.</summary>
    public string OthersToJson() => others.Length == 0 ? "{}" : Render(withMessages: false);

    /// <summary>The messages as a JSON array.</summary>
    public string MessagesToJson() => new StringBuilder().AppendMessages(messages ?? []).ToString();

    private string Render(bool withMessages)
    {
        var text = new StringBuilder("{");
        if (withMessages && messages is not null)
        {
            text.Append("\"messages\":").AppendMessages(messages);
        }

        foreach (var (key, json) in others)
        {
            text.Append(text.Length > 1 ? "," : "").AppendJsonString(key).Append(':').Append(json);
        }

        return text.Append('}').ToString();
    }
}
