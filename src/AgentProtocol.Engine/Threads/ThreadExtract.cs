using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Threads;

/// <summary>Single values of threads under names that the caller gives them (wire-contract 3.2, <c>extract</c>).</summary>
internal sealed class ThreadExtract
{
    private const int MaxPaths = 10;
    private const int MaxLength = 1000;

    private readonly List<(string Alias, ValuePath Path)> paths = [];

    private ThreadExtract()
    {
    }

    /// <summary>Whether any of the paths leads into the state.</summary>
    public bool NeedsState => paths.Exists(each => each.Path.Steps[0].Name is "values" or "messages");

    /// <summary>Reads the paths; null when there are none.</summary>
    /// <exception cref="ProtocolException">There are too many, or one of them is no path.</exception>
    public static ThreadExtract? Parse(JsonElement? extract)
    {
        if (extract is not { ValueKind: JsonValueKind.Object } wanted || wanted.GetPropertyCount() == 0)
        {
            return null;
        }

        if (wanted.GetPropertyCount() > MaxPaths)
        {
            throw ProtocolException.InvalidField("extract", $"must not have more than {MaxPaths} paths");
        }

        var parsed = new ThreadExtract();
        foreach (var member in wanted.EnumerateObject())
        {
            parsed.paths.Add((NameOf(member), PathOf(member)));
        }

        return parsed;
    }

    /// <summary>The values of one thread, null where a path leads nowhere.</summary>
    public RawJson Read(Thread thread, StateValues state)
    {
        var text = new StringBuilder("{");
        foreach (var (alias, path) in paths)
        {
            text.Append(text.Length > 1 ? "," : "").AppendJsonString(alias).Append(':').Append(Read(thread, state, path) ?? "null");
        }

        return new RawJson(text.Append('}').ToString());
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            // JsonElement refuses to hand out text that holds half of a surrogate pair.
            throw ProtocolException.InvalidField("extract", "has a name that is not valid Unicode");
        }
    }

    private static ValuePath PathOf(JsonProperty member)
    {
        try
        {
            return member.Value is { ValueKind: JsonValueKind.String } && member.Value.GetString() is { Length: <= MaxLength } text
                && ValuePath.Parse(text) is { } path && IsMember(path.Steps[0].Name!)
                ? path
                : throw ProtocolException.InvalidField(
                    "extract", $"\"{member.Name}\" must be a path that begins with a member of the thread, such as values.messages[-1].content");
        }
        catch (InvalidOperationException)
        {
            // As above.
            throw ProtocolException.InvalidField("extract", "has a path that is not valid Unicode");
        }
    }

    private static bool IsMember(string name) => name is "values" or "messages" or "metadata" or "config" or "interrupts" or "status"
        or "thread_id" or "created_at" or "updated_at" or "state_updated_at" or "error";

    private static string? Read(Thread thread, StateValues state, ValuePath path) => path.Steps[0].Name switch
    {
        "values" => ReadValues(state, path),
        "messages" => path.Read(state.ToProtocolMessages(), 1),
        "metadata" => path.Read(thread.Metadata.Text, 1),
        "config" => path.Read(thread.Config.Text, 1),
        "interrupts" => path.Read(thread.Interrupts.Text, 1),
        var name => path.Read(Scalar(thread, name!), 1),
    };

    /// <summary>The common path leads to one message of a long conversation: the others are not parsed for it.</summary>
    private static string? ReadValues(StateValues state, ValuePath path)
    {
        if (path.Steps.Count == 1)
        {
            return state.ToJson();
        }

        if (path.Steps[1].Name == "messages" && path.Steps.Count > 2)
        {
            return path.Steps[2] is { Name: null } step && step.Place(state.Messages.Length) is { } place
                ? path.Read(state.Messages[place].Json, 3)
                : null;
        }

        foreach (var (key, json) in state.Others)
        {
            if (key == path.Steps[1].Name)
            {
                return path.Read(json, 2);
            }
        }

        return path.Steps[1].Name == "messages" && state.HasMessages ? state.MessagesToJson() : null;
    }

    private static string Scalar(Thread thread, string name)
    {
        using var document = JsonSerializer.SerializeToDocument(thread, Contracts.ProtocolJsonContext.Default.Thread);
        return document.RootElement.TryGetProperty(name, out var value) ? value.GetRawText() : "null";
    }
}
