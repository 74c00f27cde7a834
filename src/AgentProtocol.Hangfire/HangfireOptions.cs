using System.ComponentModel.DataAnnotations;
using AgentProtocol.Engine;

namespace AgentProtocol.Hangfire;

/// <summary>Settings below <c>Hangfire</c>. They count where Hangfire carries the runs.</summary>
public sealed class HangfireOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Hangfire";

    /// <summary>A thread for each run is cheap up to here: 1,000 threads cost some 90 MiB here.</summary>
    private const int MostThreads = 500;

    /// <summary>Whether a job lasts as long as its run, or ends when the run has been handed to the executor.</summary>
    [EnumDataType(typeof(HangfireMode), ErrorMessage = "Hangfire:Mode must be Auto, InWorker or HandOff.")]
    public HangfireMode Mode { get; set; }

    /// <summary>How long a job that another process has enqueued waits at most for a free worker to look.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00", ErrorMessage = "Hangfire:PollInterval must be between 00:00:00.05 and 00:01:00.")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>After how long a job whose process says nothing any more is delivered again. Running jobs prolong it.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "1.00:00:00", ErrorMessage = "Hangfire:InvisibilityTimeout must be between 00:00:02 and 1.00:00:00.")]
    public TimeSpan InvisibilityTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the dashboard shows jobs that are over. Runs have a retention of their own.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "Hangfire:JobRetention must be between 00:01:00 and 30.00:00:00.")]
    public TimeSpan JobRetention { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Whether there is a dashboard at <c>/hangfire</c>, for callers with the scope <c>admin</c>.</summary>
    public bool Dashboard { get; set; } = true;

    /// <summary>Whether jobs end when their runs have begun, on a node with these settings.</summary>
    internal bool HandsOff(RunsOptions runs) => Mode == HangfireMode.HandOff || (Mode == HangfireMode.Auto && runs.MaxConcurrent > MostThreads);
}

/// <summary>How long a job lasts.</summary>
public enum HangfireMode
{
    /// <summary><see cref="InWorker"/> on a node of at most 500 runs (<c>Runs:MaxConcurrent</c>), <see cref="HandOff"/> on larger ones.</summary>
    Auto,

    /// <summary>As long as its run: the dashboard shows the run as processing, and each run takes a thread.</summary>
    InWorker,

    /// <summary>Until the run has begun: a few threads are enough for any number of runs, and the dashboard shows deliveries only.</summary>
    HandOff,
}
