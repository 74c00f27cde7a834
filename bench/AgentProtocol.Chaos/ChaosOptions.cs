using System.Globalization;
using AgentProtocol.Chaos.Faults;

namespace AgentProtocol.Chaos;

/// <summary>What a run of the chaos test was asked for.</summary>
internal sealed class ChaosOptions
{
    /// <summary>Decides faults and load; their timing it cannot decide.</summary>
    public int Seed { get; set; } = Random.Shared.Next();

    public TimeSpan Duration { get; set; } = TimeSpan.FromMinutes(2);

    public int Nodes { get; set; } = 3;

    /// <summary>It goes on beyond its duration until so many runs were accepted.</summary>
    public int Runs { get; set; }

    /// <summary>It goes on beyond its duration until so many faults were injected.</summary>
    public int Faults { get; set; }

    /// <summary>The kinds of faults that are drawn.</summary>
    public IReadOnlySet<FaultKind> Only { get; set; } = Enum.GetValues<FaultKind>().ToHashSet();

    /// <summary>Clients at a time.</summary>
    public int Clients { get; set; } = 24;

    /// <summary>The setting <c>Runs:Queue</c> of the nodes.</summary>
    public string Queue { get; set; } = "Postgres";

    /// <summary>More settings of the nodes, such as <c>Runs:MaxConcurrent</c>; they win over our own.</summary>
    public Dictionary<string, string> Settings { get; init; } = [];

    /// <summary>What the 99th percentile of undisturbed takeovers may be at most; null asks nothing of them.</summary>
    public TimeSpan? Takeover { get; set; }

    /// <summary>The built server: an executable, or a <c>.dll</c> for <c>dotnet</c>.</summary>
    public string Server { get; set; } = "";

    /// <summary>Where it keeps its files; a new folder of the system's temporary one when not given.</summary>
    public string? Folder { get; set; }

    public bool Help { get; private set; }

    /// <exception cref="FormatException">The command line is wrong; the message says where.</exception>
    public static ChaosOptions Parse(IEnumerable<string> arguments)
    {
        var options = new ChaosOptions();
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
        {
            var name = rest.Current;
            options.Read(name, () => rest.MoveNext() ? rest.Current : throw new FormatException($"{name} needs a value"));
        }

        return options.Server.Length > 0 || options.Help ? options : throw new FormatException("--server is missing");
    }

    private void Read(string name, Func<string> value)
    {
        switch (name)
        {
            case "--seed":
                Seed = Number(name, value());
                break;
            case "--duration":
                Duration = Time(name, value());
                break;
            case "--nodes":
                Nodes = Number(name, value());
                break;
            case "--runs":
                Runs = Number(name, value());
                break;
            case "--faults":
                Faults = Number(name, value());
                break;
            case "--only":
                Only = value().Split(',').Select(Kind).ToHashSet();
                break;
            case "--clients":
                Clients = Number(name, value());
                break;
            case "--queue":
                Queue = value() is ("Postgres" or "Hangfire" or "Auto") and var queue ? queue : throw new FormatException("--queue is Postgres, Hangfire or Auto");
                break;
            case "--set":
                var (setting, to) = Setting(value());
                Settings[setting] = to;
                break;
            case "--takeover":
                Takeover = Time(name, value());
                break;
            case "--server":
                Server = value();
                break;
            case "--help" or "-h":
                Help = true;
                break;
            default:
                throw new FormatException($"unknown option {name}");
        }
    }

    private static int Number(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"{name} must be a number");

    private static FaultKind Kind(string text) =>
        Enum.GetNames<FaultKind>().Contains(text) ? Enum.Parse<FaultKind>(text) : throw new FormatException($"--only takes kinds of {string.Join(", ", Enum.GetNames<FaultKind>())}");

    private static (string Name, string Value) Setting(string text) => text.Split('=', 2) is [{ Length: > 0 } name, var value] && name.Contains(':', StringComparison.Ordinal)
        ? (name, value)
        : throw new FormatException("--set takes Section:Name=value");

    /// <summary>Seconds, or a number with <c>s</c> or <c>m</c> behind it.</summary>
    private static TimeSpan Time(string name, string text) => text switch
    {
        [.. var minutes, 'm'] => TimeSpan.FromMinutes(Number(name, minutes)),
        [.. var seconds, 's'] => TimeSpan.FromSeconds(Number(name, seconds)),
        _ => TimeSpan.FromSeconds(Number(name, text)),
    };
}
