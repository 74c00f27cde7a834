using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.Engine;

/// <summary>Settings below <c>Runs</c>.</summary>
public sealed class RunsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Runs";

    /// <summary>The value of <see cref="Queue"/> that takes Hangfire where it is built in, and the table elsewhere.</summary>
    public const string AutoQueue = "Auto";

    /// <summary>The value of <see cref="Queue"/> for the table alone.</summary>
    public const string PostgresQueue = "Postgres";

    /// <summary>The value of <see cref="Queue"/> for Hangfire.</summary>
    public const string HangfireQueue = "Hangfire";

    /// <summary>Which queue carries the runs: <c>Auto</c>, <c>Postgres</c> or <c>Hangfire</c>.</summary>
    [AllowedValues(AutoQueue, PostgresQueue, HangfireQueue, ErrorMessage = "Runs:Queue must be Auto, Postgres or Hangfire.")]
    public string Queue { get; set; } = AutoQueue;

    /// <summary>How many runs one node executes at once.</summary>
    [Range(1, 100_000, ErrorMessage = "Runs:MaxConcurrent must be between 1 and 100000.")]
    public int MaxConcurrent { get; set; } = 1000;

    /// <summary>How often a run is tried when its agent fails for a passing reason, and how many nodes it may outlive.</summary>
    [Range(1, 100, ErrorMessage = "Runs:MaxAttempts must be between 1 and 100.")]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>The pause before the second attempt; it doubles with each further one, up to 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = "Runs:RetryDelay must be between 00:00:00 and 01:00:00.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a run may take, from its first start and over all attempts.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00", ErrorMessage = "Runs:Timeout must be between 00:00:01 and 365.00:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a run may go without any event of its agent before it counts as stuck; zero for any time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00", ErrorMessage = "Runs:IdleTimeout must be between 00:00:00 and 365.00:00:00.")]
    public TimeSpan IdleTimeout { get; set; }

    /// <summary>How long a run may wait for its first start, from its creation or the end of its delay; zero for any time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00", ErrorMessage = "Runs:QueueTimeout must be between 00:00:00 and 365.00:00:00.")]
    public TimeSpan QueueTimeout { get; set; }

    /// <summary>How long an agent may take to obey a cancellation before it is abandoned.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ErrorMessage = "Runs:CancelGrace must be between 00:00:00 and 00:10:00.")]
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a superseded run whose agent is to stop at its next checkpoint may take to reach it; then it is stopped at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "Runs:SteerGrace must be between 00:00:00 and 1.00:00:00.")]
    public TimeSpan SteerGrace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a run whose reader is gone waits for somebody to attach again before it is cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = "Runs:DisconnectGrace must be between 00:00:00 and 01:00:00.")]
    public TimeSpan DisconnectGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a shutdown waits for runs to reach their next checkpoint. Must be less than the host's 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:28", ErrorMessage = "Runs:DrainTimeout must be between 00:00:00 and 00:00:28.")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a stateless run and its outcome can be read after its end.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00", ErrorMessage = "Runs:StatelessRetention must be between 00:00:01 and 365.00:00:00.")]
    public TimeSpan StatelessRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a request with an <c>Idempotency-Key</c> can be repeated without creating anything anew.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00", ErrorMessage = "Runs:IdempotencyRetention must be between 00:01:00 and 365.00:00:00.")]
    public TimeSpan IdempotencyRetention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Which request headers agents find in <c>config.configurable</c>: names or patterns with <c>*</c>, separated by semicolons.</summary>
    public string ConfigurableHeaders { get; set; } = "x-configurable-*";

    /// <summary>How the streaming protocol says that a run was cancelled or superseded: <c>Interrupted</c> or <c>Failed</c>.</summary>
    [EnumDataType(typeof(CancelLifecycle), ErrorMessage = "Runs:CancelLifecycle must be Interrupted or Failed.")]
    public CancelLifecycle CancelLifecycle { get; set; }

    /// <summary>Whether the event stream of a run that did not fail ends with an event <c>end</c>.</summary>
    public bool EmitEndEvent { get; set; }
}

/// <summary>How the streaming protocol says that a run was cancelled or superseded (wire-contract 12 row 10).</summary>
public enum CancelLifecycle
{
    /// <summary>As the event <c>interrupted</c>.</summary>
    Interrupted,

    /// <summary>As the event <c>failed</c> with the error <c>cancelled</c>, for clients that know no other end than success and failure.</summary>
    Failed,
}
