using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>The data of an <c>updates</c> event: what one step changed, by the step's name (wire-contract 6.3).</summary>
internal static class UpdateText
{
    public static string Write(AgentEvent.StateUpdate update, StateValues before, StateValues after)
    {
        var text = new StringBuilder("{").AppendJsonString(update.Node).Append(":{");
        var isFirst = true;
        foreach (var member in update.Update.ValueKind == System.Text.Json.JsonValueKind.Object ? update.Update.EnumerateObject() : default)
        {
            text.Append(isFirst ? "" : ",").AppendJsonString(member.Name).Append(':');
            isFirst = false;
            if (member.NameEquals("messages"))
            {
                // As they went into the state, with their ids.
                text.AppendMessages(ChangedMessages(before, after));
            }
            else
            {
                text.Append(JsonText.SingleLine(member.Value.GetRawText()));
            }
        }

        return text.Append("}}").ToString();
    }

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
