namespace AgentProtocol.Engine.Lifecycle;

/// <summary>How a run ended, and why. Built only by the named constructors, so that a call site reads as a sentence.</summary>
internal sealed record RunOutcome
{
    private RunOutcome()
    {
    }

    /// <summary>The end state.</summary>
    public required RunState State { get; init; }

    /// <summary>Why it did not succeed, for people; null on success.</summary>
    public string? Message { get; init; }

    /// <summary>A type name that goes with the message in the SSE event <c>error</c>; null unless it failed.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The text stored in <c>runs.status</c>.</summary>
    public string Status => State switch
    {
        RunState.Success => "success",
        RunState.Error => "error",
        RunState.Timeout => "timeout",
        _ => "interrupted",
    };

    /// <summary>The status that the thread takes when nothing follows (wire-contract 5.2).</summary>
    public string ThreadStatus => State is RunState.Error or RunState.Timeout ? "error" : Pause is not null ? "interrupted" : "idle";

    /// <summary>Where it waits for somebody, if that is why it stopped.</summary>
    public RunPause? Pause { get; private init; }

    /// <summary>The agent said all it had to say.</summary>
    public static RunOutcome Succeeded { get; } = new() { State = RunState.Success };

    /// <summary>The agent failed.</summary>
    public static RunOutcome Failed(string type, string message) =>
        new() { State = RunState.Error, ErrorType = type, Message = PlainText.Clean(message) };

    /// <summary>The nodes that executed the run died too often.</summary>
    public static RunOutcome LostTooOften(int losses) =>
        Failed("WorkerLost", $"The run was given up after its worker was lost {losses} times");

    /// <summary>The deadline passed; what was finished is kept.</summary>
    public static RunOutcome TimedOut(TimeSpan timeout) => new()
    {
        State = RunState.Timeout,
        ErrorType = "RunTimeout",
        Message = $"The run exceeded its time limit of {timeout.TotalSeconds:0.###} s",
    };

    /// <summary>Its agent said nothing for too long; what was finished is kept.</summary>
    public static RunOutcome WentIdle(TimeSpan limit) => new()
    {
        State = RunState.Timeout,
        ErrorType = "RunIdle",
        Message = $"No event for {limit.TotalSeconds:0.###} s: the run counts as stuck",
    };

    /// <summary>Nobody started it in time.</summary>
    public static RunOutcome NeverStarted(TimeSpan limit) => new()
    {
        State = RunState.Timeout,
        ErrorType = "QueueTimeout",
        Message = $"The run has waited {limit.TotalSeconds:0.###} s for a start, which is as long as it may",
    };

    /// <summary>It stopped to wait for somebody; a later run goes on from there.</summary>
    public static RunOutcome Paused(RunPause pause) => new() { State = RunState.Interrupted, Pause = pause };

    /// <summary>A caller, a newer run or a lost connection stopped it.</summary>
    public static RunOutcome Interrupted(string reason) => new() { State = RunState.Interrupted, Message = PlainText.Clean(reason) };
}
