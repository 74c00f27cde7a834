using System.Text.Json;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>Turns the events of another server's run into those of ours (wire-contract 6.3).</summary>
/// <param name="mirror">Our state.</param>
/// <param name="completedSteps">How many updates an earlier attempt has brought; they are read over when the stream is read again.</param>
internal sealed class RemoteRelay(RemoteMirror mirror, int completedSteps)
{
    /// <summary>The step of what does not say which it belongs to.</summary>
    public const string UsualNode = "agent";

    private readonly HashSet<string> open = [];
    private readonly List<AgentEvent.Interrupt> questions = [];
    private int toSkip = completedSteps;
    private string node = UsualNode;
    private JsonElement? latest;
    private HashSet<string?>? before;

    /// <summary>Why the run failed, in the server's words; null as long as it has not said so.</summary>
    public string? Error { get; private set; }

    /// <summary>What the run asks.</summary>
    public IReadOnlyList<AgentEvent.Interrupt> Questions => questions;

    /// <summary>Whether the values of the run have been seen.</summary>
    public bool HasValues => latest is not null;

    /// <summary>Whether no message is half written.</summary>
    public bool IsBetweenSteps => open.Count == 0;

    /// <summary>Whether the run has told of its progress while it was going on.</summary>
    public bool HasProgress { get; private set; }

    /// <summary>Another run takes the place of the one that was read.</summary>
    public void Restart()
    {
        open.Clear();
        questions.Clear();
        (toSkip, latest) = (0, null);
    }

    /// <summary>Reads an event. Those of graphs inside of the agent are its own business.</summary>
    public IEnumerable<AgentEvent> Read(RemoteFrame frame)
    {
        switch (frame.Name)
        {
            case "values" when frame.Data.ValueKind == JsonValueKind.Object:
                return ReadValues(frame.Data);
            case "updates" when frame.Data.ValueKind == JsonValueKind.Object:
                ReadUpdates(frame.Data);
                return [];
            case "messages":
                return Delta(frame.Data) is { } delta ? [delta] : [];
            case "custom":
                return [new AgentEvent.Custom(frame.Data)];
            case "progress":
                HasProgress = true;
                return RemoteReports.Progress(frame.Data);
            case "error":
                Error = MessageText.Property(frame.Data, "message") ?? MessageText.Property(frame.Data, "error") ?? "it failed";
                return [];
            default:
                return [];
        }
    }

    /// <summary>Values that came in another way than as an event.</summary>
    public void Take(JsonElement values)
    {
        Ask(RemoteState.Member(values, "__interrupt__"));
        if (values.ValueKind == JsonValueKind.Object && values.EnumerateObject().Any(member => !IsOfServer(member)))
        {
            latest = values;
        }
    }

    /// <summary>What of the latest values has not been said yet.</summary>
    public IEnumerable<AgentEvent> Finish() => latest is { } values && mirror.Adopt(values) is { } update ? [new AgentEvent.StateUpdate(node, update)] : [];

    /// <summary>The tokens that the run's answers say they cost; null when they do not.</summary>
    public AgentEvent.Usage? Usage() => latest is { } values
        ? RemoteReports.Usage(RemoteState.Messages(values).Where(message => before?.Contains(MessageText.Property(message, "id")) != true))
        : null;

    private IEnumerable<AgentEvent> ReadValues(JsonElement values)
    {
        Ask(RemoteState.Member(values, "__interrupt__"));
        if (!values.EnumerateObject().Any(member => !IsOfServer(member)))
        {
            yield break;
        }

        foreach (var message in RemoteState.Messages(values))
        {
            open.Remove(MessageText.Property(message, "id") ?? "");
        }

        // The first values are those that the run begins with, and no step of it.
        before ??= RemoteState.Messages(values).Select(message => MessageText.Property(message, "id")).ToHashSet();
        var isStep = latest is { } earlier && !earlier.IsSameAs(values);
        if (!isStep)
        {
            mirror.Saw(values);
        }

        latest = values;
        if (isStep && toSkip > 0)
        {
            toSkip--;
            mirror.Saw(values);
        }
        else if (isStep && mirror.Adopt(values) is { } update)
        {
            yield return new AgentEvent.StateUpdate(node, update);
        }
    }

    private void ReadUpdates(JsonElement updates)
    {
        foreach (var member in updates.EnumerateObject())
        {
            if (member.NameEquals("__interrupt__"))
            {
                Ask(member.Value);
            }
            else if (!IsOfServer(member))
            {
                node = member.Name;
            }
        }
    }

    private AgentEvent.MessageDelta? Delta(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Array || data.GetArrayLength() == 0 || data[0] is not { ValueKind: JsonValueKind.Object } chunk
            || MessageText.Property(chunk, "id") is not { } id || mirror.Has(id)
            || MessageText.Property(chunk, "type") is not ("ai" or "AIMessageChunk") || string.Concat(MessageText.PartsOf(chunk)) is not { Length: > 0 } text)
        {
            return null;
        }

        open.Add(id);
        var writer = data.GetArrayLength() > 1 ? MessageText.Property(data[1], "langgraph_node") : null;
        return new AgentEvent.MessageDelta(writer ?? node, id, text);
    }

    private void Ask(JsonElement interrupts)
    {
        foreach (var question in RemoteState.Interrupts(interrupts))
        {
            if (!questions.Exists(known => known.Id == question.Id && known.Value.IsSameAs(question.Value)))
            {
                questions.Add(question);
            }
        }
    }

    private static bool IsOfServer(JsonProperty member) => member.Name.StartsWith("__", StringComparison.Ordinal);
}
