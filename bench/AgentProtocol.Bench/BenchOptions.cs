using System.Globalization;
using AgentProtocol.Bench.Scenarios;

namespace AgentProtocol.Bench;

internal sealed class BenchOptions
{
    public Uri Url { get; private set; } = new("http://localhost:8123");
    public string Assistant { get; private set; } = "echo";
    public IReadOnlyList<Scenario> Scenarios { get; private set; } = Scenario.All;
    public int Repeat { get; private set; } = 3;
    public bool Quick { get; private set; }
    public int? ModelPort { get; private set; }
    public int? ServerProcess { get; private set; }
    public bool Help { get; private set; }
    public List<string> Headers { get; } = [];

    /// <exception cref="FormatException">The command line is wrong; the message says where.</exception>
    public static BenchOptions Parse(IEnumerable<string> arguments)
    {
        var options = new BenchOptions();
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
        {
            var name = rest.Current;
            options.Read(name, () => rest.MoveNext() ? rest.Current : throw new FormatException($"{name} needs a value"));
        }

        return options;
    }

    private void Read(string name, Func<string> value)
    {
        switch (name)
        {
            case "--url":
                Url = ParseUrl(value());
                break;
            case "--assistant":
                Assistant = value();
                break;
            case "--scenario":
                Scenarios = ParseScenarios(value());
                break;
            case "--repeat":
                Repeat = ParseNumber(name, value());
                break;
            case "--model-port":
                ModelPort = ParseNumber(name, value());
                break;
            case "--server-process":
                ServerProcess = ParseNumber(name, value());
                break;
            case "--header":
                Headers.Add(ParseHeader(value()));
                break;
            case "--quick":
                Quick = true;
                break;
            case "--help" or "-h":
                Help = true;
                break;
            default:
                throw new FormatException($"unknown option {name}");
        }
    }

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp
            ? url
            : throw new FormatException("--url must be an http:// address");

    private static Scenario[] ParseScenarios(string text) =>
        text == "all" ? [.. Scenario.All] : [.. text.Split(',').Distinct().Select(ParseScenario)];

    private static Scenario ParseScenario(string name) =>
        Scenario.All.FirstOrDefault(scenario => scenario.Name == name) ?? throw new FormatException($"unknown scenario {name}");

    private static int ParseNumber(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count
            : throw new FormatException($"{name} must be a positive number");

    private static string ParseHeader(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) > 0 && !text.AsSpan().ContainsAny('\r', '\n')
            ? text
            : throw new FormatException("--header must look like \"name: value\"");
}
