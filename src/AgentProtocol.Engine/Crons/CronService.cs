using System.Text.Json;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Crons;

/// <summary>Crons, as callers see them. Firing them is the business of every node, not of a request.</summary>
public sealed class CronService
{
    private readonly CronStore store;
    private readonly CronSearch search;
    private readonly RunFactory runs;

    internal CronService(CronStore store, CronSearch search, RunFactory runs) =>
        (this.store, this.search, this.runs) = (store, search, runs);

    /// <summary>Creates a cron; with a thread, its runs are on that thread.</summary>
    /// <exception cref="ProtocolException">The schedule, the time zone or a field of the run is wrong, or the assistant or thread unknown.</exception>
    public async Task<Cron> CreateAsync(string owner, Guid? threadId, CronCreate request, RawJson body, CancellationToken cancellationToken)
    {
        if (request.Schedule is null)
        {
            throw ProtocolException.InvalidField("schedule", "is required", "missing");
        }

        var schedule = CronSchedule.Parse(request.Schedule, request.Timezone);
        var end = ReadEnd(request.EndTime);
        var enabled = request.Enabled ?? true;
        var filter = JsonFilter.Copy(request.Metadata, "metadata");
        var row = new CronRow
        {
            CronId = Guid.CreateVersion7(),
            Owner = owner,
            AssistantId = await runs.CheckAsync(owner, request, cancellationToken),
            ThreadId = threadId,
            OnRunCompleted = request.OnRunCompleted ?? "delete",
            Schedule = request.Schedule,
            Timezone = request.Timezone,
            EndTime = end,
            Enabled = enabled,
            Payload = CronPayload.Of(body.Text),
            Metadata = ReadMetadata(request) ?? "{}",
            NextRunDate = enabled ? schedule.Next(await store.ReadNowAsync(cancellationToken), end) : null,
        };
        return (await store.InsertAsync(row, filter, cancellationToken))?.ToWire() ?? throw ProtocolException.ThreadNotFound(threadId!.Value);
    }

    /// <summary>Changes what the patch names. When it fires next is computed anew only when the patch is about that.</summary>
    /// <exception cref="ProtocolException">There is no such cron, or the patch has a wrong field.</exception>
    public async Task<Cron> PatchAsync(string owner, Guid cronId, CronPatch patch, RawJson body, CancellationToken cancellationToken)
    {
        // A cron whose agent is gone can still be disabled: the assistant is looked up only when the patch names one.
        RunFactory.CheckInput(patch);
        Guid? assistantId = (patch.AssistantId ?? patch.AgentId) is null ? null : await runs.CheckAsync(owner, patch, cancellationToken);
        var changed = await store.UpdateAsync(
            owner, cronId, (before, now) => Change(before, now, assistantId ?? before.AssistantId, patch, body.Text), cancellationToken);
        return changed?.ToWire() ?? throw ProtocolException.CronNotFound(cronId);
    }

    /// <summary>Deletes a cron. Its runs stay.</summary>
    /// <exception cref="ProtocolException">There is no such cron.</exception>
    public async Task DeleteAsync(string owner, Guid cronId, CancellationToken cancellationToken)
    {
        if (!await store.DeleteAsync(owner, cronId, cancellationToken))
        {
            throw ProtocolException.CronNotFound(cronId);
        }
    }

    /// <summary>Finds crons. Members that are not selected are left out by the edge.</summary>
    public Task<CronPage> SearchAsync(string owner, CronSearchRequest request, CancellationToken cancellationToken) =>
        search.SearchAsync(owner, request, cancellationToken);

    /// <summary>Counts crons.</summary>
    public Task<long> CountAsync(string owner, CronSearchRequest request, CancellationToken cancellationToken) =>
        search.CountAsync(owner, request, cancellationToken);

    private static (CronRow Row, string? Filter, bool IsRescheduled) Change(
        CronRow before, DateTime now, Guid assistantId, CronPatch patch, string body)
    {
        var payload = CronPayload.Merge(before.Payload, body);
        var metadata = ReadMetadata(patch) ?? before.Metadata;
        var row = before with
        {
            AssistantId = assistantId,
            OnRunCompleted = patch.OnRunCompleted ?? before.OnRunCompleted,
            Schedule = patch.Schedule ?? before.Schedule,
            Timezone = patch.Timezone ?? before.Timezone,
            EndTime = patch.EndTime.ValueKind == JsonValueKind.Undefined ? before.EndTime : ReadEnd(patch.EndTime),
            Enabled = patch.Enabled ?? before.Enabled,
            Payload = payload,
            Metadata = metadata,
        };
        var schedule = CronSchedule.Parse(row.Schedule, row.Timezone);
        var isRescheduled = (row.Schedule, row.Timezone, row.EndTime, row.Enabled) != (before.Schedule, before.Timezone, before.EndTime, before.Enabled);
        return (
            row with { NextRunDate = row.Enabled ? schedule.Next(now, row.EndTime) : null },
            JsonFilter.Copy(State.JsonText.Parse(metadata), "metadata"),
            isRescheduled);
    }

    private static string? ReadMetadata(CronPatch request) =>
        request.Metadata is { ValueKind: JsonValueKind.Object } metadata ? metadata.GetRawText() : null;

    /// <summary>Without an offset the time is UTC, not that of the machine.</summary>
    private static DateTime? ReadEnd(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.String when value.TryGetDateTime(out var time) =>
            time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime(),
        _ => throw ProtocolException.InvalidField("end_time", "must be a time in ISO 8601, such as 2030-01-31T09:30:00Z"),
    };
}

/// <summary>A page of crons.</summary>
/// <param name="Items">The crons of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record CronPage(IReadOnlyList<Cron> Items, long Total);
