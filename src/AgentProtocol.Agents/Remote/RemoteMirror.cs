using System.Text.Json;
using AgentProtocol.Agents.Wire;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>Our thread's state as far as another server's values are compared with it.</summary>
internal sealed class RemoteMirror
{
    private readonly Guid threadId;
    private readonly Dictionary<string, (JsonElement Message, bool IsTheirs)> messages = [];
    private readonly Dictionary<string, JsonElement> values;
    private readonly HashSet<string> shown = [];

    /// <param name="state">Our state.</param>
    /// <param name="threadId">The thread there; names messages that have no id.</param>
    public RemoteMirror(AgentState state, Guid threadId)
    {
        this.threadId = threadId;
        values = new(state.Values);
        Add(state.Messages);
    }

    /// <summary>Whether our thread has the message.</summary>
    public bool Has(string messageId) => messages.ContainsKey(messageId);

    /// <summary>Takes in messages that have come into our thread, or have left it.</summary>
    public void Add(IEnumerable<JsonElement> ours)
    {
        foreach (var message in ours)
        {
            if (MessageText.Property(message, "id") is not { } id)
            {
                continue;
            }

            if (MessageText.IsOfType(message, "remove"))
            {
                messages.Remove(id);
            }
            else
            {
                messages[id] = (message, false);
            }
        }
    }

    /// <summary>Remembers what the thread there has had, so that what it loses is lost here, too.</summary>
    public void Saw(JsonElement theirs) => shown.UnionWith(WithIds(theirs).Select(each => each.Id));

    /// <summary>What makes our state theirs; null when it is. From then on it counts as ours.</summary>
    public JsonElement? Adopt(JsonElement theirs)
    {
        List<JsonElement> changed = [];
        HashSet<string> there = [];
        foreach (var (id, message) in WithIds(theirs))
        {
            there.Add(id);
            if (!messages.TryGetValue(id, out var known) || !IsSame(message, known))
            {
                changed.Add(message);
            }

            messages[id] = (message, true);
        }

        foreach (var id in shown.Where(id => !there.Contains(id) && messages.Remove(id)))
        {
            changed.Add(JsonElement.Parse($$"""{"type":"remove","id":{{JsonSerializer.Serialize(id)}}}"""));
        }

        shown.Clear();
        shown.UnionWith(there);
        var keys = Keys(theirs).Where(member => !values.TryGetValue(member.Name, out var known) || !known.IsSameAs(member.Value)).ToList();
        keys.ForEach(member => values[member.Name] = member.Value);
        return changed.Count == 0 && keys.Count == 0 ? null : AgentJson.Write(1024, (changed, keys), static (writer, value) =>
        {
            writer.WriteStartObject();
            if (value.changed.Count > 0)
            {
                writer.WriteStartArray("messages"u8);
                value.changed.ForEach(message => writer.WriteRawValue(message.GetRawText(), skipInputValidation: true));
                writer.WriteEndArray();
            }

            foreach (var member in value.keys)
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        });
    }

    /// <summary>
    /// What came from there is compared as a whole. What is our own comes back in the form of its libraries, with members
    /// that say nothing, so that only what it says counts.
    /// </summary>
    private static bool IsSame(JsonElement message, (JsonElement Message, bool IsTheirs) known) => known.IsTheirs
        ? message.IsSameAs(known.Message)
        : RemoteState.Member(message, "content").IsSameAs(RemoteState.Member(known.Message, "content")) && Calls(message).SequenceEqual(Calls(known.Message));

    private static IEnumerable<string?> Calls(JsonElement message) =>
        RemoteState.Items(RemoteState.Member(message, "tool_calls")).Select(call => MessageText.Property(call, "id"));

    /// <summary>Keys with two underscores in front are what servers tell clients, and not part of the state.</summary>
    private static IEnumerable<JsonProperty> Keys(JsonElement values) => values.EnumerateObject()
        .Where(member => !member.NameEquals("messages") && !member.Name.StartsWith("__", StringComparison.Ordinal));

    private IEnumerable<(string Id, JsonElement Message)> WithIds(JsonElement values)
    {
        var index = 0;
        foreach (var message in RemoteState.Messages(values))
        {
            var id = MessageText.Property(message, "id");
            var named = id ?? NameIds.For(threadId, $"message {index}").ToString();
            index++;
            yield return (named, id is null ? MessageJson.WithId(message, named) : message);
        }
    }
}
