using System.Text.Json;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Tests.Threads.Model;

/// <summary>A state as simple as it can be: values by key, and messages as id and content, in order.</summary>
internal sealed record StateModel(IReadOnlyDictionary<string, string> Values, IReadOnlyList<(string? Id, string Content)> Messages)
{
    public static StateModel Empty { get; } = new(new Dictionary<string, string>(), []);

    public StateModel With(string key, string value) => this with { Values = new Dictionary<string, string>(Values) { [key] = value } };

    /// <summary>A message without an id is always a new one.</summary>
    public StateModel Say(string? id, string content)
    {
        var messages = Messages.ToList();
        var index = id is null ? -1 : messages.FindIndex(message => message.Id == id);
        if (index < 0)
        {
            messages.Add((id, content));
        }
        else
        {
            messages[index] = (id, content);
        }

        return this with { Messages = messages };
    }

    /// <summary>The same text for the same state, whichever side it comes from. Ids that the server minted are left out.</summary>
    public override string ToString() =>
        string.Join(' ', Values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"))
        + " | " + string.Join(", ", Messages.Select(message => $"{message.Id}:{message.Content}"));

    public static string Describe(StateValues state) => Describe(state.ToJson());

    public static string Describe(string json)
    {
        var model = Empty;
        foreach (var member in JsonText.Parse(json).EnumerateObject())
        {
            model = member.Name == "messages"
                ? model with { Messages = [.. member.Value.EnumerateArray().Select(Read)] }
                : model.With(member.Name, member.Value.GetString()!);
        }

        return model.ToString();
    }

    private static (string? Id, string Content) Read(JsonElement message) =>
        (message.GetProperty("id").GetString() is { Length: 2 } id ? id : null, message.GetProperty("content").GetString()!);
}
