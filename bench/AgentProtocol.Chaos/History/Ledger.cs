using System.Collections.Concurrent;
using System.Diagnostics;

namespace AgentProtocol.Chaos.History;

/// <summary>All that clients were told, and what must not have happened.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentQueue<string> violations = new();
    private readonly ConcurrentDictionary<string, long> counts = new();

    /// <summary>Runs that were acknowledged.</summary>
    public ConcurrentDictionary<string, RunRecord> Runs { get; } = new();

    /// <summary>Inputs whose request was not answered: they may have been accepted or not.</summary>
    public ConcurrentQueue<(string? ThreadId, Input Input)> Unclear { get; } = new();

    /// <summary>Threads that were acknowledged.</summary>
    public ConcurrentDictionary<string, bool> Threads { get; } = new();

    public IReadOnlyCollection<string> Violations => violations;

    /// <summary>What happened how often: answers by status, reconnects, drops.</summary>
    public IReadOnlyDictionary<string, long> Counts => counts;

    public void Violation(string text) => violations.Enqueue(text);

    /// <summary>Notes a violation unless a condition holds.</summary>
    public void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            Violation(otherwise);
        }
    }

    public void Count(string what, long by = 1) => counts.AddOrUpdate(what, by, (_, before) => before + by);

    public RunRecord Acknowledge(string runId, string? threadId, Input input)
    {
        var record = new RunRecord(runId, threadId, input);
        var known = Runs.GetOrAdd(runId, record);
        Require(known.Input.Word == input.Word, $"run {runId} was acknowledged for {known.Input.Word} and for {input.Word}");
        return known;
    }

    /// <summary>A client saw how a run ended.</summary>
    public void SeeEnd(RunRecord run, string end)
    {
        Require(end != "erased" || run.MayBeErased, $"run {run.RunId} was acknowledged and is unknown");
        Require(run.SeeEnd(end), $"run {run.RunId} had ended as {run.End} and is {end}");
    }

    /// <summary>The time by which everything is measured.</summary>
    public static long Now => Stopwatch.GetTimestamp();
}
