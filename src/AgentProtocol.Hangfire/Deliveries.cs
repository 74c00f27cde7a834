using Hangfire;
using Hangfire.Common;
using Hangfire.States;

namespace AgentProtocol.Hangfire;

/// <summary>Makes jobs of runs.</summary>
internal sealed class Deliveries(HangfireStorage storage)
{
    /// <summary>
    /// Instead of Hangfire's own filters: attempts belong to the run, and a job that fails all the same is not to be kept,
    /// with its exception, for ever.
    /// </summary>
    public static readonly IJobFilterProvider Filters = new JobFilterCollection
    {
        new AutomaticRetryAttribute { Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete },
        new StatisticsHistoryAttribute(),
    };

    private readonly BackgroundJobClient client = new(storage.Jobs, Filters);

    /// <summary>Enqueues a job for a run. Takes some milliseconds of the calling thread; Hangfire has no other way.</summary>
    public void Enqueue(Guid runId) =>
        client.Create(Job.FromExpression<RunDelivery>(delivery => delivery.ExecuteAsync(runId)), new EnqueuedState(HangfireStorage.Queue));
}
