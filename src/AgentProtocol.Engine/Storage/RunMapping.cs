using System.Text;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Storage;

/// <summary>What clients see of a run.</summary>
internal static class RunMapping
{
    /// <summary>Members of the request that are shown elsewhere on the run.</summary>
    private static readonly HashSet<string> NotInKwargs = ["assistant_id", "agent_id", "thread_id", "metadata", "multitask_strategy", "config", "context"];

    public static Run ToWire(this RunView view)
    {
        var row = view.Row;
        using var document = JsonDocument.Parse(row.Request, JsonText.DocumentOptions);
        var request = document.RootElement;
        var settings = RunRequest.Of(request, row.Assistant, row.ThreadConfig);
        return new Run
        {
            RunId = row.RunId,
            ThreadId = row.ThreadId,
            AssistantId = row.AssistantId,
            AgentId = row.AssistantId == AssistantIds.For(row.Agent) ? row.Agent : row.AssistantId.ToString(),
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.EndedAt ?? row.CreatedAt,
            Status = ToWire(row.Status, view.WorkState),
            Metadata = new RawJson(row.Metadata),
            Kwargs = new RawJson(Kwargs(request, settings)),
            MultitaskStrategy = ToStrategy(row.Strategy),
            Error = row.Error,
            Input = Member(request, "input", "null"),
            Config = new RawJson(RunSettings.Public(settings.Config)),
            StreamMode = StreamModeNames.Parse(request.TryGetProperty("stream_mode", out var modes) ? modes : default).ToNames(),
            Progress = view.Progress is { } progress ? new RawJson(progress) : null,
            ParentRunId = row.ParentRunId,
            Usage = view.Usage is { } usage ? new RawJson(usage) : null,
            Updates = view.Updates.Count == 0 ? null : [.. view.Updates.Select(ToReceipt)],
        };
    }

    /// <summary>What callers see of an update.</summary>
    public static RunUpdate ToWire(this RunUpdateRow update) => new()
    {
        UpdateId = update.Id,
        RunId = update.RunId,
        ThreadId = update.ThreadId,
        Status = StatusOf(update),
        CreatedAt = update.CreatedAt,
        DeliveredAt = update.DeliveredAt,
    };

    private static RunUpdateReceipt ToReceipt(RunUpdateRow update) => new()
    {
        UpdateId = update.Id,
        Status = StatusOf(update),
        CreatedAt = update.CreatedAt,
        DeliveredAt = update.DeliveredAt,
    };

    private static RunUpdateStatus StatusOf(RunUpdateRow update) =>
        update.DeliveredAt is null ? RunUpdateStatus.Accepted : RunUpdateStatus.Delivered;

    /// <summary>The one place that decides which status clients see (wire-contract 5.1).</summary>
    public static RunStatus ToWire(string status, RunState? work) => status switch
    {
        "success" => RunStatus.Success,
        "error" => RunStatus.Error,
        "timeout" => RunStatus.Timeout,
        "interrupted" => RunStatus.Interrupted,
        _ => work == RunState.Running ? RunStatus.Running : RunStatus.Pending,
    };

    private static MultitaskStrategy ToStrategy(string strategy) => strategy switch
    {
        "reject" => MultitaskStrategy.Reject,
        "interrupt" => MultitaskStrategy.Interrupt,
        "rollback" => MultitaskStrategy.Rollback,
        "steer" => MultitaskStrategy.Steer,
        _ => MultitaskStrategy.Enqueue,
    };

    /// <summary>The request, with the configuration and the context that the run has found instead of those that were sent.</summary>
    private static string Kwargs(JsonElement request, RunRequest settings)
    {
        var text = new StringBuilder("{");
        foreach (var member in request.ValueKind == JsonValueKind.Object ? request.EnumerateObject() : default)
        {
            if (!NotInKwargs.Contains(member.Name))
            {
                Append(text, member.Name, member.Value.GetRawText());
            }
        }

        if (settings.Config.ValueKind != JsonValueKind.Undefined)
        {
            Append(text, "config", RunSettings.Public(settings.Config));
        }

        if (settings.OwnContext.ValueKind != JsonValueKind.Undefined)
        {
            Append(text, "context", settings.OwnContext.GetRawText());
        }

        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, string name, string json) =>
        text.Append(text.Length > 1 ? "," : "").AppendJsonString(name).Append(':').Append(json);

    private static RawJson Member(JsonElement request, string name, string otherwise) =>
        new(request.ValueKind == JsonValueKind.Object && request.TryGetProperty(name, out var value) ? value.GetRawText() : otherwise);
}
