using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace AgentProtocol.Hangfire;

/// <summary>
/// Lets a few workers look for jobs at a time, while the others wait for their turn: each of a thousand idle workers would
/// ask the database several times a second.
/// </summary>
internal sealed class PacedJobQueue(IPersistentJobQueue queue, SemaphoreSlim turns) : IPersistentJobQueue
{
    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        turns.Wait(cancellationToken);
        try
        {
            return queue.Dequeue(queues, cancellationToken);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Enqueue(IDbConnection connection, string queueName, string jobId) => queue.Enqueue(connection, queueName, jobId);
}

/// <summary>Gives each connection of Hangfire its queue, and all of them the same turns.</summary>
internal sealed class PacedJobQueueProvider(IPersistentJobQueueProvider inner) : IPersistentJobQueueProvider, IDisposable
{
    /// <summary>Enough for some hundred jobs a second.</summary>
    private const int Pollers = 4;

    private readonly SemaphoreSlim turns = new(Pollers);

    public IPersistentJobQueue GetJobQueue() => new PacedJobQueue(inner.GetJobQueue(), turns);

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => new CountsOnly(inner.GetJobQueueMonitoringApi());

    public void Dispose() => turns.Dispose();

    /// <summary>The storage's own provider names all queues in the tables; named twice, each would be shown twice.</summary>
    private sealed class CountsOnly(IPersistentJobQueueMonitoringApi inner) : IPersistentJobQueueMonitoringApi
    {
        public IEnumerable<string> GetQueues() => [];

        public IEnumerable<long> GetEnqueuedJobIds(string queue, int from, int perPage) => inner.GetEnqueuedJobIds(queue, from, perPage);

        public IEnumerable<long> GetFetchedJobIds(string queue, int from, int perPage) => inner.GetFetchedJobIds(queue, from, perPage);

        public EnqueuedAndFetchedCountDto GetEnqueuedAndFetchedCount(string queue) => inner.GetEnqueuedAndFetchedCount(queue);
    }
}
