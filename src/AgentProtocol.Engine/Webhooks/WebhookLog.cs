using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Storage;
using Microsoft.EntityFrameworkCore;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>What became of a run's webhook, for its owner.</summary>
public sealed class WebhookLog
{
    /// <summary>No run has more attempts.</summary>
    private const int MaxDeliveries = 100;

    private readonly ProtocolDatabase database;
    private readonly RunLookup runs;

    internal WebhookLog(ProtocolDatabase database, RunLookup runs) => (this.database, this.runs) = (database, runs);

    /// <summary>The attempts to deliver, oldest first; none while the run goes on, or when it has no webhook.</summary>
    /// <exception cref="ProtocolException">There is no such run on this thread.</exception>
    public async Task<IReadOnlyList<WebhookDelivery>> ListAsync(string owner, Guid threadId, Guid runId, CancellationToken cancellationToken)
    {
        if (await runs.ReadAsync(owner, runId) is not { } run || run.Row.ThreadId != threadId)
        {
            throw ProtocolException.RunNotFound(runId);
        }

        await using var context = database.CreateContext();
        var rows = await context.WebhookDeliveries.Where(row => row.Owner == owner && row.RunId == runId)
            .OrderBy(row => row.Attempt).Take(MaxDeliveries).ToListAsync(cancellationToken);
        return
        [
            .. rows.Select(row => new WebhookDelivery
            {
                Attempt = row.Attempt,
                SentAt = row.SentAt,
                StatusCode = row.StatusCode,
                Error = row.Error,
                DurationMs = row.DurationMs,
                Outcome = row.Outcome switch
                {
                    "delivered" => WebhookOutcome.Delivered,
                    "failed" => WebhookOutcome.Failed,
                    _ => WebhookOutcome.GivenUp,
                },
            }),
        ];
    }
}
