using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentProtocol.Engine.Crons;

/// <summary>The bounds of crontab's five fields, which the parser takes for granted: to it minute 99 is one that never comes.</summary>
internal static partial class CronFields
{
    private static readonly (int Min, int Max)[] Bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

    /// <summary>Whether every number of an expression is one of its field's. Macros have no fields.</summary>
    public static bool AreInBounds(string expression)
    {
        var fields = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length != Bounds.Length || fields.Zip(Bounds).All(field => IsInBounds(field.First, field.Second.Min, field.Second.Max));
    }

    /// <summary>A step is at least 1 and needs no upper bound: beyond the field it stands for its first value.</summary>
    private static bool IsInBounds(string field, int min, int max) => Number().Matches(field).All(match =>
        int.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && (match.Groups["step"].Success ? number >= 1 : number >= min && number <= max));

    [GeneratedRegex("(?<step>/)?(?<number>[0-9]+)")]
    private static partial Regex Number();
}
