using AgentProtocol.Hangfire;
using Xunit;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>What may carry runs: what a caller notices has to hold with each of them.</summary>
public static class Queues
{
    public const string Hangfire = "Hangfire";

    /// <summary>So many runs per node are what the compose file and the chart set, which decides how Hangfire works (<c>Hangfire:Mode=Auto</c>).</summary>
    public const string DeployedRuns = "200";

    public static TheoryData<string> All => ["Postgres", Hangfire];

    /// <summary>What a server is given for it, in the form of the command line: Hangfire as it is deployed.</summary>
    public static string[] Settings(string queue)
    {
        SkipUnlessBuilt(queue);
        return [$"--Runs:Queue={queue}", .. queue == Hangfire ? [$"--Runs:MaxConcurrent={DeployedRuns}"] : Array.Empty<string>()];
    }

    /// <summary>Skips the running test in a build that does not have the queue.</summary>
    public static void SkipUnlessBuilt(string queue) =>
        Assert.SkipWhen(queue == Hangfire && !HangfireQueue.IsBuiltIn, "This build has no Hangfire (UseHangfire=true builds it in): this was not tested with it");
}
