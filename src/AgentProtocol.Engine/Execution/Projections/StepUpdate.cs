using System.Text;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>What one step changed, as JSON text by key; messages as they went into the state, with their ids.</summary>
/// <param name="Members">The keys and their new values.</param>
internal sealed record StepUpdate(IReadOnlyList<KeyValuePair<string, string>> Members)
{
    public static StepUpdate From(AgentEvent.StateUpdate update, IReadOnlyList<StateMessage> changed) => new(
        update.Update.ValueKind != JsonValueKind.Object ? []
        : [.. update.Update.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.NameEquals("messages")
            ? new StringBuilder().AppendMessages([.. changed]).ToString()
            : JsonText.SingleLine(member.Value.GetRawText())))]);

    /// <summary>As an object.</summary>
    public string ToObject() => $"{{{string.Join(',', Members.Select(member => $"{JsonText.Quote(member.Key)}:{member.Value}"))}}}";

    /// <summary>The messages of a state that were not in the one before it, as they are now.</summary>
    public static StateMessage[] ChangedMessages(StateValues before, StateValues after)
    {
        List<StateMessage> changed = [];
        var shared = Math.Min(before.Messages.Length, after.Messages.Length);
        for (var i = 0; i < after.Messages.Length; i++)
        {
            if (i >= shared || !ReferenceEquals(before.Messages[i], after.Messages[i]))
            {
                changed.Add(after.Messages[i]);
            }
        }

        return [.. changed];
    }
}
