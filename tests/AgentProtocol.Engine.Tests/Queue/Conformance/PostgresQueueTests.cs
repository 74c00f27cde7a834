namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>The rules for the queue that is nothing but the table.</summary>
public sealed class PostgresQueueTests : QueueConformance
{
    protected override (string, string)[] Settings => [("Runs:Queue", "Postgres")];
}
