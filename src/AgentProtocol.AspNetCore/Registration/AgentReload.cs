using AgentProtocol.Agents;
using AgentProtocol.Agents.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Registration;

/// <summary>
/// Follows the agents file: new runs get the agents that it describes now, those that are under way keep theirs. A file
/// with a mistake changes nothing.
/// </summary>
internal sealed partial class AgentReload(
    AgentRegistry registry, AgentSource source, IEnumerable<AgentDefinition> added, IOptions<AgentsOptions> options, TimeProvider time,
    ILogger<AgentReload> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A host that has made the registry itself has not asked for the file.
        if (!options.Value.Reload || !source.IsLoaded)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (source.HasChanged())
                {
                    Reload();
                }
            }
            catch (Exception exception)
            {
                ReloadFailed(logger, exception);
            }
        }
    }

    private void Reload()
    {
        var before = registry.All;
        try
        {
            registry.Replace([.. source.Load(before, added), .. added]);
        }
        catch (AgentConfigurationException exception)
        {
            FileRefused(logger, exception.Message);
            return;
        }

        var change = AgentChange.Between(before, registry.All);
        FileRead(logger, Text(change.Added), Text(change.Changed), Text(change.Removed));
    }

    private static string Text(IReadOnlyList<string> ids) => ids.Count == 0 ? "none" : string.Join(", ", ids);

    [LoggerMessage(1, LogLevel.Information, "The agents file was read again; agents added: {Added}; changed: {Changed}; removed: {Removed}")]
    private static partial void FileRead(ILogger logger, string added, string changed, string removed);

    [LoggerMessage(2, LogLevel.Error, "The agents file cannot be used and the agents stay as they were: {Complaint}")]
    private static partial void FileRefused(ILogger logger, string complaint);

    [LoggerMessage(3, LogLevel.Error, "Reading the agents file failed and the agents stay as they were")]
    private static partial void ReloadFailed(ILogger logger, Exception exception);
}
