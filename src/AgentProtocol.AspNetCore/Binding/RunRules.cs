using System.Collections.Frozen;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>How runs may be looked up (wire-contract 4.2, 4.3).</summary>
internal static class RunRules
{
    private static readonly FrozenSet<string> Members = FrozenSet.Create(
        "run_id", "thread_id", "assistant_id", "agent_id", "created_at", "updated_at", "status", "metadata", "kwargs",
        "multitask_strategy", "error", "input", "config", "stream_mode", "progress", "waiting_for", "usage", "updates", "parent_run_id");

    public static void Check(RunSearchRequest search)
    {
        FieldErrors errors = default;
        errors.Object("metadata", search.Metadata);
        errors.Paging(search.Limit, search.Offset);
        errors.ThrowIfAny();
    }

    public static void Check(RunsCancel cancel)
    {
        FieldErrors errors = default;
        if (cancel.Status is not null)
        {
            if (cancel.ThreadId is not null || cancel.RunIds is not null)
            {
                errors.Add("status", "excludes thread_id and run_ids");
            }
        }
        else if (cancel.ThreadId is null)
        {
            errors.Add("thread_id", "is required without a status", "missing");
        }
        else if (cancel.RunIds is null or { Count: < 1 or > Limits.MaxLimit })
        {
            errors.Add("run_ids", $"must hold 1 to {Limits.MaxLimit} ids without a status");
        }

        errors.ThrowIfAny();
    }

    public static RunListRequest ReadList(HttpRequest request) => new()
    {
        Limit = request.QueryInt("limit", Limits.DefaultLimit, 1, Limits.MaxLimit),
        Offset = request.QueryInt("offset", 0, 0, int.MaxValue),
        Status = request.QueryEnum<RunStatus>("status"),
        Metadata = request.QueryObject("metadata"),
    };

    public static IReadOnlyList<string>? ReadSelect(HttpRequest request)
    {
        var members = request.QueryList("select");
        foreach (var member in members ?? [])
        {
            if (!Members.Contains(member))
            {
                throw ProtocolException.InvalidQuery("select", $"\"{member}\" is not one of {string.Join(", ", Members)}");
            }
        }

        return members;
    }

    /// <summary><c>cancel</c> is another server's word for <c>interrupt</c> (wire-contract 12 row 26).</summary>
    public static CancelAction ReadAction(HttpRequest request) =>
        request.Query["action"] == "cancel" ? CancelAction.Interrupt : request.QueryEnum<CancelAction>("action") ?? CancelAction.Interrupt;

    public static RunStreamRequest ReadStream(HttpRequest request)
    {
        var modes = request.QueryList("stream_mode");
        foreach (var mode in modes ?? [])
        {
            if (!RunCreateRules.StreamModes.Contains(mode))
            {
                throw ProtocolException.InvalidQuery("stream_mode", $"\"{mode}\" is not a stream mode");
            }
        }

        return new RunStreamRequest { LastEventId = ReadLastEventId(request), StreamModes = modes };
    }

    /// <summary>The last event that the reader has; -1, "from the start", also for what is not a number (wire-contract 6.4).</summary>
    private static long? ReadLastEventId(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].LastOrDefault();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return ulong.TryParse(text, out var id) && id <= long.MaxValue ? (long)id : -1;
    }
}
