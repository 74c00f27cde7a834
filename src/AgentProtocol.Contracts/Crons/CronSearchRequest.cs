using System.Text.Json;

namespace AgentProtocol.Contracts.Crons;

/// <summary>Body of <c>POST /runs/crons/search</c> and, without paging, of <c>POST /runs/crons/count</c> (wire-contract 10).</summary>
public sealed record CronSearchRequest
{
    /// <summary>Only crons of this assistant: its UUID or graph id.</summary>
    public string? AssistantId { get; init; }

    /// <summary>Only crons of this thread.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary>Only crons that are, or are not, enabled.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Only crons whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }

    /// <summary>
    /// <c>cron_id</c>, <c>assistant_id</c>, <c>thread_id</c>, <c>created_at</c> (default), <c>updated_at</c>,
    /// <c>next_run_date</c> or <c>end_time</c>.
    /// </summary>
    public string? SortBy { get; init; }

    /// <summary><c>asc</c> or <c>desc</c> (default).</summary>
    public string? SortOrder { get; init; }

    /// <summary>Return only these members of each cron, and <c>now</c> for the server's time.</summary>
    public IReadOnlyList<string>? Select { get; init; }
}
