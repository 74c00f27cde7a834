using System.Collections.Frozen;
using AgentProtocol.Contracts.Crons;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What the bodies about crons may hold (wire-contract 10).</summary>
internal static class CronRules
{
    private static readonly FrozenSet<string> Members = FrozenSet.Create(
        "cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "created_at",
        "updated_at", "payload", "user_id", "next_run_date", "metadata", "now");

    public static void Check(CronPatch cron)
    {
        FieldErrors errors = default;
        if (cron is CronCreate { AssistantId: null, AgentId: null })
        {
            errors.Add("assistant_id", "is required", "missing");
        }

        if (cron is CronCreate { Schedule: null })
        {
            errors.Add("schedule", "is required", "missing");
        }

        errors.OneOf("on_run_completed", cron.OnRunCompleted, "delete", "keep");
        errors.ThrowIfAny();
        RunCreateRules.Check(cron);
    }

    public static void Check(CronSearchRequest search)
    {
        FieldErrors errors = default;
        errors.Object("metadata", search.Metadata);
        errors.Paging(search.Limit, search.Offset);
        errors.OneOf(
            "sort_by", search.SortBy, "cron_id", "assistant_id", "thread_id", "created_at", "updated_at", "next_run_date", "end_time");
        errors.OneOf("sort_order", search.SortOrder, "asc", "desc");
        errors.AllOf("select", search.Select, Members);
        errors.ThrowIfAny();
    }
}
