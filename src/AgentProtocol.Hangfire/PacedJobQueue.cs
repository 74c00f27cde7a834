using System.Data;
using AgentProtocol.Engine.Storage;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace AgentProtocol.Hangfire;

/// <summary>
/// Lets a few workers look for jobs at a time, and only where there is room for their runs, while the others wait for their
/// turn: each of a thousand idle workers would ask the database several times a second.
/// </summary>
internal sealed class PacedJobQueue(IPersistentJobQueue queue, SemaphoreSlim turns, DeliveryRoom room) : IPersistentJobQueue
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        turns.Wait(cancellationToken);
        try
        {
            room.Enter(cancellationToken);
            IFetchedJob? job = null;
            try
            {
                job = DequeuePatiently(queues, cancellationToken);
                return new FetchedDelivery(job, room);
            }
            finally
            {
                if (job is null)
                {
                    room.Leave();
                }
            }
        }
        finally
        {
            turns.Release();
        }
    }

    public void Enqueue(IDbConnection connection, string queueName, string jobId) => queue.Enqueue(connection, queueName, jobId);

    /// <summary>Keeps its turn while the database is away: that it is needs no worker after the other to find out.</summary>
    private IFetchedJob DequeuePatiently(string[] queues, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return queue.Dequeue(queues, cancellationToken);
            }
            catch (Exception exception) when (TransientFailure.Is(exception))
            {
                cancellationToken.WaitHandle.WaitOne(Pause);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>A fetched job, which is on its way until its worker is done with it.</summary>
    private sealed class FetchedDelivery(IFetchedJob job, DeliveryRoom room) : IFetchedJob
    {
        public string JobId => job.JobId;

        public void RemoveFromQueue() => job.RemoveFromQueue();

        public void Requeue() => job.Requeue();

        public void Dispose()
        {
            try
            {
                job.Dispose();
            }
            finally
            {
                room.Leave();
            }
        }
    }
}

/// <summary>Gives each connection of Hangfire its queue, and all of them the same turns.</summary>
internal sealed class PacedJobQueueProvider(IPersistentJobQueueProvider inner, DeliveryRoom room) : IPersistentJobQueueProvider, IDisposable
{
    /// <summary>Enough for some hundred jobs a second.</summary>
    private const int Pollers = 4;

    private readonly SemaphoreSlim turns = new(Pollers);

    public IPersistentJobQueue GetJobQueue() => new PacedJobQueue(inner.GetJobQueue(), turns, room);

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
