using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Engine.Runs;

/// <summary>How long a run may take: as long as it asks for, and at most as long as its agent, else the server, allows.</summary>
internal static class TimeoutRules
{
    /// <summary>Gives a new run the limits that apply to it.</summary>
    /// <exception cref="ProtocolException">It asks for more than it may have.</exception>
    public static NewRunRow Apply(this RunLimits limits, NewRunRow row, RunTimeouts? wanted)
    {
        limits.Check(row.Agent, wanted);
        return row with
        {
            TimeLimit = ToSpan(wanted?.Total) ?? limits.OwnTotal(row.Agent),
            QueueWait = ToSpan(wanted?.QueueWait) ?? limits.Of(row.Agent).QueueWait,
            MustBeClaimed = limits.MostAtOnce(row.Agent) is not null,
        };
    }

    /// <exception cref="ProtocolException">A run of this agent asks for more than it may have.</exception>
    public static void Check(this RunLimits limits, string agent, RunTimeouts? wanted)
    {
        if (wanted is null)
        {
            return;
        }

        var most = limits.Of(agent);
        FieldError[] errors =
        [
            .. Problem("total", wanted.Total, most.Total), .. Problem("idle", wanted.Idle, most.Idle),
            .. Problem("queue_wait", wanted.QueueWait, most.QueueWait),
        ];
        if (errors is [var first, ..])
        {
            throw new ProtocolException(ErrorCode.ValidationError, $"{string.Join('.', first.Loc.Skip(1))}: {first.Msg}", errors);
        }
    }

    private static IEnumerable<FieldError> Problem(string name, double? wanted, TimeSpan? most)
    {
        if (ToSpan(wanted) > most)
        {
            yield return new FieldError(
                ["body", "timeouts", name], $"must be at most {most.Value.TotalSeconds:0.###} seconds for this agent", "value_error");
        }
    }

    private static TimeSpan? ToSpan(double? seconds) => seconds is { } given ? Seconds.ToSpan(given) : null;
}
