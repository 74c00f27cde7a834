namespace AgentProtocol.Engine.State;

/// <summary>What turns the messages of one state into those of another.</summary>
internal static class MessageChanges
{
    /// <summary>
    /// Removals first, as messages of type <c>remove</c>, then what was replaced or appended: whoever merges them into the earlier
    /// messages has the later ones.
    /// </summary>
    public static IReadOnlyList<StateMessage> Between(StateValues before, StateValues after)
    {
        List<StateMessage> changes = [];
        var kept = 0;
        foreach (var message in before.Messages)
        {
            // Messages keep their order and new ones come last, so that one which is not the next is gone, or was appended anew.
            if (kept < after.Messages.Length && after.Messages[kept].Id == message.Id)
            {
                kept++;
            }
            else
            {
                changes.Add(new StateMessage(message.Id, $$"""{"type":"remove","id":{{JsonText.Quote(message.Id)}},"content":""}"""));
            }
        }

        HashSet<StateMessage> known = new([.. before.Messages], ReferenceEqualityComparer.Instance);
        changes.AddRange([.. after.Messages.ToArray().Where((message, index) => index >= kept || !known.Contains(message))]);
        return changes;
    }
}
