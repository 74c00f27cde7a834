using System.Globalization;
using AgentProtocol.Engine.Access;
using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Verbs;

/// <summary>What <c>key create</c> was asked for.</summary>
/// <param name="Owner">Whose data the key opens.</param>
/// <param name="Name">What it is for.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record KeyArguments(string Owner, string? Name, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt)
{
    private static readonly string[] Names = ["--owner", "--name", "--scope", "--expires"];

    /// <summary>Reads our arguments, as <c>--name value</c> or <c>--name=value</c>, and leaves the settings, which have a colon in their names.</summary>
    /// <exception cref="StartException">One of them cannot be, or is neither: a mistyped option must not make another key than was asked for.</exception>
    public static (KeyArguments Arguments, string[] Settings) Read(string[] args, TimeProvider time)
    {
        Dictionary<string, string> given = [];
        List<string> settings = [];
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (!Names.Contains(name) && !IsSetting(name))
            {
                throw new StartException($"key create does not know \"{name}\": it takes {string.Join(", ", Names)}, and settings such as --Auth:Mode=None.");
            }

            value ??= i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : throw new StartException($"{name} needs a value.");
            if (IsSetting(name))
            {
                settings.Add($"{name}={value}");
            }
            else
            {
                given[name] = value;
            }
        }

        var owner = given.GetValueOrDefault("--owner", ApiKeys.DefaultOwner);
        if (string.IsNullOrWhiteSpace(owner))
        {
            throw new StartException("--owner must not be empty.");
        }

        var expires = given.TryGetValue("--expires", out var text) ? ReadExpiry(text, time.GetUtcNow()) : (DateTimeOffset?)null;
        return (new KeyArguments(owner, given.GetValueOrDefault("--name"), ReadScopes(given.GetValueOrDefault("--scope", $"{AccessScopes.Read},{AccessScopes.Run}")), expires), [.. settings]);
    }

    private static bool IsSetting(string name) => name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':');

    private static string[] ReadScopes(string text)
    {
        var scopes = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return scopes.Length > 0 && !scopes.Except(AccessScopes.All).Any()
            ? scopes
            : throw new StartException($"--scope {text}: scopes are {string.Join(", ", AccessScopes.All)}, joined by commas.");
    }

    /// <summary>A number of days, hours or minutes from now, or a date or moment in UTC.</summary>
    private static DateTimeOffset ReadExpiry(string text, DateTimeOffset now)
    {
        var at = text switch
        {
            [.. var days, 'd'] when int.TryParse(days, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 36_500 => now.AddDays(number),
            [.. var hours, 'h'] when int.TryParse(hours, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 876_000 => now.AddHours(number),
            _ when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) => moment,
            _ => throw new StartException($"--expires {text}: write 90d, 12h, or a date such as 2027-01-31."),
        };
        return at > now ? at : throw new StartException($"--expires {text} has passed already.");
    }
}
