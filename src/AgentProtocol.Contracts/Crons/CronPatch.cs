using System.Text.Json;
using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.Contracts.Crons;

/// <summary>
/// Body of <c>PATCH /runs/crons/{cron_id}</c> (wire-contract 10; schema <c>CronUpdate</c> of the LangGraph SDKs): any of the
/// fields of a run, each of which replaces its predecessor, and the fields below.
/// </summary>
public record CronPatch : RunCreate
{
    /// <summary>Five fields (minute, hour, day of month, month, day of week), or a macro such as <c>@daily</c>.</summary>
    public string? Schedule { get; init; }

    /// <summary>The IANA time zone that the schedule is read in; <c>UTC</c> by default.</summary>
    public string? Timezone { get; init; }

    /// <summary>No run is started after this moment (ISO 8601; UTC without an offset). In a patch, null removes it.</summary>
    public JsonElement EndTime { get; init; }

    /// <summary>Whether it fires; true by default.</summary>
    public bool? Enabled { get; init; }

    /// <summary>What becomes of the thread of each run when the cron has none of its own: <c>delete</c> (default) or <c>keep</c>.</summary>
    public string? OnRunCompleted { get; init; }
}

/// <summary>
/// Body of <c>POST /runs/crons</c> and <c>POST /threads/{thread_id}/runs/crons</c> (wire-contract 10; schema <c>CronCreate</c>):
/// the fields of a run, and when to start one. <c>schedule</c> and <c>assistant_id</c> are required.
/// </summary>
public sealed record CronCreate : CronPatch;
