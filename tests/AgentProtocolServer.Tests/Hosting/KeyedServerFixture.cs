namespace AgentProtocolServer.Tests.Hosting;

/// <summary>One server for a test class that lets nobody in without a key.</summary>
public sealed class KeyedServerFixture : ServerFixture
{
    protected override string[] Settings => ["--Auth:Mode=ApiKey"];
}
