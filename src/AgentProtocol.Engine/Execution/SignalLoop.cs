using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Engine.Execution;

/// <summary>Stops this node's runs, or tells them of updates, as soon as somebody says that a row asks for it, without waiting for the next beat.</summary>
internal sealed class SignalLoop(
    ProtocolDatabase database, SettlementSignals signals, NodeSlots slots, RunningRuns running, ILogger<SignalLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in signals.Looks.ReadAllAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The next beat reads the same rows.
                EngineLog.LoopFailed(logger, nameof(SignalLoop), exception);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (slots.NodeId is not { } node)
        {
            return;
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        foreach (var signal in await NodeRegistry.ReadSignalsAsync(connection, node, cancellationToken))
        {
            running.Hear(signal);
        }
    }
}
