namespace AgentProtocolServer.Tests.Hosting;

/// <summary>The same with Hangfire, of a size at which it hands runs off: processes and chaos have the other mode (<see cref="Queues"/>).</summary>
public sealed class HangfireFixture : ApprovalFixture
{
    protected override string[] Settings
    {
        get
        {
            Queues.SkipUnlessBuilt(Queues.Hangfire);
            return [$"--Runs:Queue={Queues.Hangfire}", "--Hangfire:Mode=HandOff"];
        }
    }
}
