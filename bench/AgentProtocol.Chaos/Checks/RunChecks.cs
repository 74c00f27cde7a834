using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.Faults;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Checks;

/// <summary>Compares what clients were told about runs with what the database has.</summary>
internal sealed class RunChecks(Ledger ledger, IReadOnlyDictionary<string, StoredRun> stored, IReadOnlyList<Fault> faults)
{
    /// <summary>The setting <c>Runs:MaxAttempts</c>: so many lost nodes end a run.</summary>
    private const int MaxLosses = 3;

    public void Check()
    {
        foreach (var run in ledger.Runs.Values)
        {
            if (stored.TryGetValue(run.RunId, out var row))
            {
                Check(run, row);
            }
            else
            {
                ledger.Require(run.MayBeErased, $"lost: run {run.RunId} was acknowledged and is not in the database");
                ledger.Require(run.End is null or "erased", $"run {run.RunId} had ended as {run.End} and was erased");
            }
        }
    }

    private void Check(RunRecord run, StoredRun row)
    {
        ledger.Require(row.Status != "active", $"stuck: run {run.RunId} has not ended");
        ledger.Require(run.End is null || run.End == row.Status, $"run {run.RunId} had ended as {run.End} and is {row.Status}");
        ledger.Require(run.EventsAtEnd is null || run.EventsAtEnd == row.Events, $"the log of run {run.RunId} had ended with {run.EventsAtEnd} events and has {row.Events}");
        ledger.Require(run.EventsSeen <= row.Events, $"clients saw {run.EventsSeen} events of run {run.RunId}, which has {row.Events}");
        var expected = Expected(run);
        ledger.Require(
            expected.Contains(row.Status) || row.ErrorType == "WorkerLost",
            $"run {run.RunId} ({run.Input.Agent}: {run.Input.Text}) is {row.Status} ({row.Error}), which is none of {string.Join(", ", expected)}");
        CheckAttempts(run, row);
    }

    /// <summary>What may become of it, whatever happens to nodes.</summary>
    private static string[] Expected(RunRecord run)
    {
        var end = run.Input switch
        {
            { Agent: AgentFiles.Hanging } => "timeout",
            { Agent: AgentFiles.Throwing } => "error",
            { Agent: AgentFiles.Stubborn } => "interrupted",
            { Text: var text } when text.StartsWith("fail ", StringComparison.Ordinal) => "error",
            _ => "success",
        };
        return run.CancelAsked || run.MayBeInterrupted ? [end, "interrupted"] : [end];
    }

    /// <summary>No execution is lost without a fault, and only so many faults end a run.</summary>
    private void CheckAttempts(RunRecord run, StoredRun row)
    {
        // A frozen node is dead from the moment it is thought so, which is later than the fault.
        var from = row.CreatedAt - TimeSpan.FromSeconds(30);
        var to = row.EndedAt ?? DateTime.MaxValue;
        var during = faults.Count(fault => fault.Time >= from && fault.Time <= to);
        ledger.Require(row.Attempt - 1 <= during, $"run {run.RunId} took {row.Attempt} executions with {during} faults in its time");
        ledger.Require(
            row.ErrorType != "WorkerLost" || during >= MaxLosses, $"run {run.RunId} was given up after {during} faults in its time: {row.Error}");
    }
}
