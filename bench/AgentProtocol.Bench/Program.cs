using AgentProtocol.Bench;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;
using AgentProtocol.Bench.Scenarios;

BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (FormatException exception)
{
    Console.Error.WriteLine($"{exception.Message}; try --help");
    return 2;
}

if (options.Help)
{
    Console.WriteLine(Usage.Text);
    return 0;
}

var target = new Target(options.Url, options.Headers, TimeSpan.FromSeconds(options.Quick ? 10 : 30));
var workload = new Workload(target, options.Assistant, options.Quick, options.ModelPort, options.ServerProcess);
var results = new ResultWriter(Console.Out);
var measured = options.Scenarios.Where(scenario => !scenario.NeedsModel || options.ModelPort is not null).ToDictionary(scenario => scenario, Repeat);
foreach (var (scenario, repetitions) in measured)
{
    results.WriteSummary(scenario.Name, repetitions);
}

return measured.Values.SelectMany(repetitions => repetitions).Any(repetition => repetition.Errors > 0) ? 1 : 0;

List<Measurement> Repeat(Scenario scenario)
{
    var repetitions = new List<Measurement>();
    for (var repetition = 1; repetition <= options.Repeat; repetition++)
    {
        Console.Error.WriteLine($"{scenario.Name} {repetition}/{options.Repeat}: {scenario.About}");
        repetitions.Add(MeasureOnce(scenario));
        results.Write(scenario.Name, repetition, repetitions[^1]);
    }

    return repetitions;
}

Measurement MeasureOnce(Scenario scenario)
{
    try
    {
        return scenario.Measure(workload);
    }
    catch (Exception exception)
    {
        // Only preparation throws, as a failing step is counted by its client; the other scenarios may still work.
        return Measurement.Failed(exception.Message);
    }
}
