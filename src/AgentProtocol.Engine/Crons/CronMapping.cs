using AgentProtocol.Contracts.Crons;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Crons;

/// <summary>What clients see of a cron.</summary>
internal static class CronMapping
{
    /// <summary>The owner of all that is made without authentication.</summary>
    private const string Nobody = "local";

    public static Cron ToWire(this CronRow row, DateTime? now = null) => new()
    {
        CronId = row.CronId,
        AssistantId = row.AssistantId,
        ThreadId = row.ThreadId,
        OnRunCompleted = row.OnRunCompleted,
        Schedule = row.Schedule,
        Timezone = row.Timezone,
        EndTime = row.EndTime,
        Enabled = row.Enabled,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Payload = new RawJson(row.Payload),
        UserId = row.Owner == Nobody ? null : row.Owner,
        NextRunDate = row.NextRunDate,
        Metadata = new RawJson(row.Metadata),
        Now = now,
    };
}
