using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Runs as the Agent Protocol's own routes show them.</summary>
internal static class ProtocolRuns
{
    /// <summary>The protocol has no <c>running</c> (wire-contract 12 row 5).</summary>
    public static Run AsProtocolShows(this Run run) =>
        run.Status == RunStatus.Running ? run with { Status = RunStatus.Pending } : run;
}
