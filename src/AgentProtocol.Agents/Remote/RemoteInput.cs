using System.Text.Json;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>
/// Finds out what another server has to be told so that its thread is as ours. When a run begins, our thread is the truth:
/// it may have been edited, copied, rolled back or served by another agent since.
/// </summary>
internal static class RemoteInput
{
    /// <summary>The messages that make its thread ours, as its reducer takes them: new ones, changed ones, and removals.</summary>
    /// <param name="ours">Our messages.</param>
    /// <param name="state">The state of its thread; null when it has none.</param>
    public static List<JsonElement> Difference(IReadOnlyList<JsonElement> ours, JsonElement? state)
    {
        var theirs = ById(state);
        var ids = ours.Select(IdOf).ToHashSet();
        return
        [
            .. theirs.Keys.Where(id => !ids.Contains(id)).Select(Removal),
            .. ours.Where(message => IdOf(message) is not { } id || !theirs.TryGetValue(id, out var known) || IsEdited(message, known)),
        ];
    }

    /// <summary>
    /// The messages at the end of our thread that its run was never told: a server that died between taking them and passing
    /// them on left them there. Everything before is what the run has been given or has said itself.
    /// </summary>
    /// <param name="ours">Our messages.</param>
    /// <param name="state">The state of its thread; null when it has none.</param>
    /// <param name="runs">Its runs for our run.</param>
    public static List<JsonElement> Untold(IReadOnlyList<JsonElement> ours, JsonElement? state, IReadOnlyList<RemoteRun> runs)
    {
        var told = ById(state).Keys.ToHashSet();
        foreach (var run in runs)
        {
            if (run.InputIds() is { } ids)
            {
                told.UnionWith(ids);
            }
            else if (run.IsActive)
            {
                // What it was given may not be in its state yet, and it does not say: better too little than everything twice.
                return [];
            }
        }

        return [.. ours.Reverse().TakeWhile(message => IdOf(message) is { } id && !told.Contains(id) && MessageText.IsOfType(message, "human")).Reverse()];
    }

    /// <summary>Only what people say is edited: an answer is its author's, whose version may be newer than ours.</summary>
    private static bool IsEdited(JsonElement message, JsonElement known) =>
        (MessageText.IsOfType(message, "human") || MessageText.IsOfType(message, "system"))
        && !RemoteState.Member(message, "content").IsSameAs(RemoteState.Member(known, "content"));

    private static Dictionary<string, JsonElement> ById(JsonElement? state)
    {
        Dictionary<string, JsonElement> messages = [];
        foreach (var message in RemoteState.Messages(RemoteState.Member(state ?? default, "values")))
        {
            if (IdOf(message) is { } id)
            {
                messages[id] = message;
            }
        }

        return messages;
    }

    private static string? IdOf(JsonElement message) => MessageText.Property(message, "id");

    private static JsonElement Removal(string id) => AgentJson.Write(64, id, static (writer, id) =>
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "remove"u8);
        writer.WriteString("id"u8, id);
        writer.WriteString("content"u8, "");
        writer.WriteEndObject();
    });
}
