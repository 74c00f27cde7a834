using System.Globalization;
using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Reads numbers, times and flags.</summary>
internal static class ConfigurationQuantities
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(365);

    /// <summary>A whole number between two others.</summary>
    public static int Integer(this ConfigurationNode number, int least, int most) => (int)number.Whole(least, most);

    /// <summary>The same for numbers that may be large.</summary>
    public static long Whole(this ConfigurationNode number, long least, long most) =>
        number.Element.ValueKind == JsonValueKind.Number && number.Element.TryGetInt64(out var value) && value >= least && value <= most
            ? value
            : throw number.Error(string.Create(CultureInfo.InvariantCulture, $"this must be a whole number from {least} to {most}"));

    /// <summary>True or false.</summary>
    public static bool Flag(this ConfigurationNode flag) => flag.Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw flag.Error("this must be true or false, without quotes"),
    };

    /// <summary>A number between two others.</summary>
    public static double Number(this ConfigurationNode number, double least, double most) =>
        number.Element.ValueKind == JsonValueKind.Number && number.Element.TryGetDouble(out var value) && value >= least && value <= most
            ? value
            : throw number.Error(string.Create(CultureInfo.InvariantCulture, $"this must be a number from {least} to {most}"));

    /// <summary>A time that is not nothing: seconds, or a text such as <c>00:10:00</c>.</summary>
    public static TimeSpan Time(this ConfigurationNode time)
    {
        TimeSpan? value = time.Element.ValueKind switch
        {
            JsonValueKind.Number => time.Element.TryGetDouble(out var seconds) && seconds >= 0 && seconds <= LongestTime.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null,
            JsonValueKind.String => TimeSpan.TryParseExact(time.Text(), "c", CultureInfo.InvariantCulture, out var span) ? span : null,
            _ => null,
        };
        return value is { } given && given > TimeSpan.Zero && given <= LongestTime
            ? given
            : throw time.Error("this must be a time above 0 and up to 365 days: write seconds, such as 90, or \"[days.]hours:minutes:seconds\", such as \"00:01:30\"");
    }
}
