using AgentProtocol.Contracts.Errors;
using Quartz;

namespace AgentProtocol.Engine.Crons;

/// <summary>
/// When a cron fires: the five fields of crontab, read in a time zone. A time that daylight saving skips fires when the
/// clocks have moved; one that comes twice fires the first time, unless minutes or hours have a wildcard, range or step.
/// </summary>
internal sealed class CronSchedule
{
    private readonly CronExpression expression;

    private CronSchedule(CronExpression expression) => this.expression = expression;

    /// <summary>Reads a schedule.</summary>
    /// <param name="schedule">Five fields or a macro.</param>
    /// <param name="timezone">An IANA name; UTC when null.</param>
    /// <exception cref="ProtocolException">One of them is not what it should be, or the schedule never fires.</exception>
    public static CronSchedule Parse(string schedule, string? timezone)
    {
        if (!CronExpression.TryParse(schedule, CronFormat.Unix, out var expression) || !CronFields.AreInBounds(schedule))
        {
            throw ProtocolException.InvalidField("schedule", $"\"{schedule}\" is not a cron expression of five fields (minute, hour, day of month, month, day of week)");
        }

        var parsed = new CronSchedule(expression.WithTimeZone(FindZone(timezone)));
        return parsed.Next(DateTime.UnixEpoch, end: null) is not null
            ? parsed
            : throw ProtocolException.InvalidField("schedule", $"\"{schedule}\" never fires");
    }

    /// <summary>The first moment after another one, UTC; null when it would lie behind <paramref name="end"/>.</summary>
    public DateTime? Next(DateTime after, DateTime? end) =>
        expression.GetNextValidTimeAfter(new DateTimeOffset(after, TimeSpan.Zero)) is { } next && (end is null || next.UtcDateTime <= end)
            ? next.UtcDateTime
            : null;

    /// <summary>Names of Windows' own are known to .NET too, but clients and other servers know IANA's only.</summary>
    private static TimeZoneInfo FindZone(string? timezone) =>
        timezone is null ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(timezone, out var zone) && zone.HasIanaId ? zone
        : throw ProtocolException.InvalidField("timezone", $"\"{timezone}\" is not an IANA time zone such as Europe/Berlin");
}
