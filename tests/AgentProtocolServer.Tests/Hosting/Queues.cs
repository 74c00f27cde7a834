using AgentProtocol.Hangfire;
using Xunit;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>What may carry runs: what a caller notices has to hold with each of them.</summary>
public static class Queues
{
    public const string Hangfire = "Hangfire";

    public static TheoryData<string> All => ["Postgres", Hangfire];

    /// <summary>The setting for a server, in the form of the command line; skips the running test in a build that does not have the queue.</summary>
    public static string Setting(string queue)
    {
        Assert.SkipWhen(queue == Hangfire && !HangfireQueue.IsBuiltIn, "This build has no Hangfire (UseHangfire=true builds it in): this was not tested with it");
        return $"--Runs:Queue={queue}";
    }
}
