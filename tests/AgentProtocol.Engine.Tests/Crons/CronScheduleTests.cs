using System.Globalization;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Crons;
using Xunit;

namespace AgentProtocol.Engine.Tests.Crons;

/// <summary>Crontab's rules against dates worked out by hand; 2026-11-01 is a Sunday.</summary>
public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("*/15 9-10 * * *", "11-01 09:00, 11-01 09:15, 11-01 09:30, 11-01 09:45, 11-01 10:00")]
    [InlineData("5,35 0 * * *", "11-01 00:05, 11-01 00:35, 11-02 00:05")]
    [InlineData("0 0 * * 0", "11-08 00:00, 11-15 00:00")]
    [InlineData("0 0 * * 7", "11-08 00:00, 11-15 00:00")]
    [InlineData("0 0 * * SUN", "11-08 00:00, 11-15 00:00")]
    [InlineData("0 0 * * 1-5", "11-02 00:00, 11-03 00:00, 11-04 00:00, 11-05 00:00, 11-06 00:00, 11-09 00:00")]
    [InlineData("0 0 * * 5-7", "11-06 00:00, 11-07 00:00, 11-08 00:00, 11-13 00:00")]
    [InlineData("0 0 * * 1-5/2", "11-02 00:00, 11-04 00:00, 11-06 00:00, 11-09 00:00")]
    [InlineData("0 0 * * mon,WED", "11-02 00:00, 11-04 00:00, 11-09 00:00")]
    [InlineData("30 6 1 jan-mar *", "01-01 06:30, 02-01 06:30, 03-01 06:30")]
    [InlineData("0 0 31 * *", "12-31 00:00, 01-31 00:00, 03-31 00:00")]
    [InlineData("@hourly", "11-01 01:00, 11-01 02:00")]
    [InlineData("@daily", "11-02 00:00, 11-03 00:00")]
    [InlineData("@weekly", "11-08 00:00, 11-15 00:00")]
    public void Fields_mean_what_crontab_says(string schedule, string expected) =>
        Assert.Equal(expected, Fire(schedule, null, "2026-11-01T00:00:00", expected.Split(',').Length));

    [Theory]
    [InlineData("0 0 13 * 5", "11-06 00:00, 11-13 00:00, 11-20 00:00, 11-27 00:00, 12-04 00:00, 12-11 00:00, 12-13 00:00")]
    [InlineData("0 0 1,15 * MON", "11-02 00:00, 11-09 00:00, 11-15 00:00, 11-16 00:00")]
    [InlineData("0 0 30 2 1", "02-01 00:00, 02-08 00:00")]
    public void A_day_of_month_and_a_day_of_week_mean_either(string schedule, string expected) =>
        Assert.Equal(expected, Fire(schedule, null, "2026-11-01T00:00:00", expected.Split(',').Length));

    [Fact]
    public void A_leap_day_comes_every_four_years() =>
        Assert.Equal("2028-02-29, 2032-02-29", Fire("0 0 29 2 *", null, "2026-11-01T00:00:00", 2, "yyyy-MM-dd"));

    [Theory]
    [InlineData("Europe/Berlin", "08:00")]
    [InlineData("America/New_York", "14:00")]
    [InlineData("Asia/Kolkata", "03:30")]
    [InlineData("UTC", "09:00")]
    [InlineData(null, "09:00")]
    public void A_schedule_is_read_in_its_time_zone(string? timezone, string utc) =>
        Assert.Equal(utc, Fire("0 9 * * *", timezone, "2026-11-02T00:00:00", 1, "HH:mm"));

    /// <summary>Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.</summary>
    [Theory]
    [InlineData("30 2 * * *", "03-29 01:00, 03-30 00:30")]
    [InlineData("0,30 2 * * *", "03-29 01:00, 03-30 00:00, 03-30 00:30")]
    [InlineData("0 2,3 * * *", "03-29 01:00, 03-30 00:00, 03-30 01:00")]
    [InlineData("*/30 * * * *", "03-28 12:30, 03-28 13:00")]
    public void A_time_that_daylight_saving_skips_fires_once_when_the_clocks_have_moved(string schedule, string expected) =>
        Assert.Equal(expected, Fire(schedule, "Europe/Berlin", "2026-03-28T12:00:00", expected.Split(',').Length));

    /// <summary>Berlin, 25 October 2026: 03:00 becomes 02:00, so 02:30 is 00:30 and 01:30 UTC.</summary>
    [Theory]
    [InlineData("30 2 * * *", "10-25 00:30, 10-26 01:30")]
    [InlineData("0,30 2 * * *", "10-25 00:00, 10-25 00:30, 10-26 01:00")]
    public void A_time_that_comes_twice_fires_the_first_time(string schedule, string expected) =>
        Assert.Equal(expected, Fire(schedule, "Europe/Berlin", "2026-10-24T12:00:00", expected.Split(',').Length));

    [Fact]
    public void An_interval_goes_by_the_time_that_passes() =>
        Assert.Equal("10-25 00:00, 10-25 00:30, 10-25 01:00, 10-25 01:30, 10-25 02:00", Fire("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:30:00", 5));

    [Fact]
    public void Nothing_comes_behind_the_end()
    {
        var schedule = CronSchedule.Parse("0 9 * * *", null);
        Assert.Equal(Utc("2026-11-01T09:00:00"), schedule.Next(Utc("2026-11-01T00:00:00"), Utc("2026-11-01T09:00:00")));
        Assert.Null(schedule.Next(Utc("2026-11-01T09:00:00"), Utc("2026-11-02T08:59:59")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("@reboot")]
    [InlineData("99 * * * *")]
    [InlineData("* * * *")]
    [InlineData("0 * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("* * * * MON-")]
    [InlineData("0 0 31 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    public void A_schedule_that_cannot_be_read_or_never_fires_is_refused(string schedule)
    {
        var refusal = Assert.Throws<ProtocolException>(() => CronSchedule.Parse(schedule, null));
        Assert.Equal((ErrorCode.ValidationError, "schedule"), (refusal.Code, refusal.Errors![0].Loc[1]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mars/Base")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("../../etc/passwd")]
    public void Only_iana_time_zones_are_known(string timezone)
    {
        var refusal = Assert.Throws<ProtocolException>(() => CronSchedule.Parse("0 0 * * *", timezone));
        Assert.Equal((ErrorCode.ValidationError, "timezone"), (refusal.Code, refusal.Errors![0].Loc[1]));
    }

    private static string Fire(string schedule, string? timezone, string from, int times, string format = "MM-dd HH:mm")
    {
        var parsed = CronSchedule.Parse(schedule, timezone);
        var at = Utc(from);
        List<string> fired = [];
        for (var i = 0; i < times; i++)
        {
            at = parsed.Next(at, end: null)!.Value;
            fired.Add(at.ToString(format, CultureInfo.InvariantCulture));
        }

        return string.Join(", ", fired);
    }

    private static DateTime Utc(string text) => DateTime.SpecifyKind(DateTime.Parse(text, CultureInfo.InvariantCulture), DateTimeKind.Utc);
}
