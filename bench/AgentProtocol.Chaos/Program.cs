using AgentProtocol.Chaos;
using AgentProtocol.Chaos.Reports;

ChaosOptions options;
try
{
    options = ChaosOptions.Parse(args);
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

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // The nodes and the database have to be stopped in any case.
    pressed.Cancel = true;
    interrupted.Cancel();
};
var report = await ChaosRun.ExecuteAsync(options, Console.Error, interrupted.Token);
ReportWriter.Write(report, Console.Out);
return report.IsGood ? 0 : 1;
