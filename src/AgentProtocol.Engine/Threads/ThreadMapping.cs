using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Threads;

/// <summary>What clients see of a thread and of its states.</summary>
internal static class ThreadMapping
{
    public static Thread ToWire(this ThreadView view, bool includeTtl) =>
        ToWire(view, PartialMessage.ShownBehind(view.State, view.Partial), includeTtl);

    private static Thread ToWire(ThreadView view, StateValues shown, bool includeTtl) => new()
    {
        ThreadId = view.Row.ThreadId,
        CreatedAt = view.Row.CreatedAt,
        UpdatedAt = view.Head.UpdatedAt,
        StateUpdatedAt = view.Head.StateUpdatedAt,
        Metadata = new RawJson(WithAgent(view.Row.Metadata, view.Head.Agent, view.Head.AssistantId)),
        Status = ToStatus(view.Head.Status),
        Values = new RawJson(shown.ToJson()),
        Messages = new RawJson(shown.ToProtocolMessages()),
        Interrupts = Interrupts(view),
        Config = new RawJson(PublicConfig(view.Head.Config ?? "{}")),
        Error = view.Head.Error,
        Progress = view.Progress is { } progress ? new RawJson(progress) : null,
        Ttl = includeTtl ? new RawJson(view.Row.Ttl ?? "null") : null,
    };

    public static ThreadStatus ToStatus(string status) => status switch
    {
        "busy" => ThreadStatus.Busy,
        "interrupted" => ThreadStatus.Interrupted,
        "error" => ThreadStatus.Error,
        _ => ThreadStatus.Idle,
    };

    /// <summary>A thread that nobody has written to yet (wire-contract 3.9).</summary>
    public static ThreadState EmptyState() => new()
    {
        Values = RawJson.EmptyObject,
        Messages = RawJson.EmptyArray,
        Next = [],
        Tasks = RawJson.EmptyArray,
        Metadata = RawJson.EmptyObject,
        CreatedAt = null,
        Checkpoint = null,
        ParentCheckpoint = null,
        Interrupts = RawJson.EmptyArray,
    };

    public static ThreadState ToWire(this CheckpointView view)
    {
        var row = view.Row;
        return new ThreadState
        {
            Values = new RawJson(view.State.ToJson()),
            Messages = new RawJson(view.State.ToProtocolMessages()),
            Next = view.NextNode is { } next ? [next] : [],
            Tasks = view.NextNode is { } node ? new RawJson(Task(row.Id, node, view.Pause?.Interrupts ?? "[]")) : RawJson.EmptyArray,
            Metadata = new RawJson(Metadata(view)),
            CreatedAt = row.CreatedAt,
            Checkpoint = new Checkpoint { ThreadId = row.ThreadId, CheckpointId = row.Id },
            ParentCheckpoint = row.ParentId is { } parent ? new Checkpoint { ThreadId = row.ThreadId, CheckpointId = parent } : null,
            Interrupts = view.Pause is { } pause ? new RawJson(pause.Interrupts) : RawJson.EmptyArray,
        };
    }

    /// <summary>The metadata as the caller wrote it, with the agent of the latest run where the caller did not name one.</summary>
    public static string WithAgent(string metadata, string? agent, Guid? assistantId)
    {
        if (agent is null)
        {
            return metadata;
        }

        using var document = JsonDocument.Parse(metadata, JsonText.DocumentOptions);
        var text = new StringBuilder("{");
        foreach (var member in document.RootElement.EnumerateObject())
        {
            Append(text, member.Name, member.Value.GetRawText());
        }

        AppendMissing(text, document.RootElement, "graph_id", agent);
        AppendMissing(text, document.RootElement, "assistant_id", assistantId?.ToString());
        return text.Append('}').ToString();
    }

    private static string PublicConfig(string config) =>
        config.Contains("\"__", StringComparison.Ordinal) ? RunSettings.Public(JsonText.Parse(config)) : config;

    /// <summary>The open questions by the task that asked them (wire-contract 5.2).</summary>
    private static RawJson Interrupts(ThreadView view) => view.Pause is not { Interrupts: not "[]" } pause ? RawJson.EmptyObject
        : new RawJson($"{{{JsonText.Quote(TaskIds.For(view.Head.Head, pause.Node))}:{pause.Interrupts}}}");

    private static string Task(Guid checkpointId, string node, string interrupts) =>
        $$"""[{"id":{{JsonText.Quote(TaskIds.For(checkpointId, node))}},"name":{{JsonText.Quote(node)}},"path":["__pregel_pull",{{JsonText.Quote(node)}}],"error":null,"interrupts":{{interrupts}},"checkpoint":null,"state":null,"result":null}]""";

    /// <summary>The metadata of the run, then what the server says about the checkpoint (wire-contract 3.14).</summary>
    public static string Metadata(CheckpointView view)
    {
        var row = view.Row;
        var text = new StringBuilder("{");
        if (view.RunMetadata is { } metadata && metadata != "{}")
        {
            using var document = JsonDocument.Parse(metadata, JsonText.DocumentOptions);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (!IsOurs(member.Name))
                {
                    Append(text, member.Name, member.Value.GetRawText());
                }
            }
        }

        Append(text, "source", JsonText.Quote(row.Source));
        Append(text, "step", row.Step.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Append(text, "parents", "{}");
        Append(text, "thread_id", JsonText.Quote(row.ThreadId.ToString()));
        if (row.RunId is { } runId)
        {
            Append(text, "run_id", JsonText.Quote(runId.ToString()));
        }

        if (view.Agent is { } agent)
        {
            Append(text, "graph_id", JsonText.Quote(agent));
            Append(text, "assistant_id", JsonText.Quote(view.AssistantId.ToString()!));
        }

        return text.Append('}').ToString();
    }

    private static bool IsOurs(string name) =>
        name is "source" or "step" or "parents" or "thread_id" or "run_id" or "graph_id" or "assistant_id";

    private static void AppendMissing(StringBuilder text, JsonElement existing, string name, string? value)
    {
        if (value is not null && !existing.TryGetProperty(name, out _))
        {
            Append(text, name, JsonText.Quote(value));
        }
    }

    private static void Append(StringBuilder text, string name, string json) =>
        text.Append(text.Length > 1 ? "," : "").AppendJsonString(name).Append(':').Append(json);
}
