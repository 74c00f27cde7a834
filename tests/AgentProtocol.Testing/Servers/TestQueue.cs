namespace AgentProtocol.Testing.Servers;

/// <summary>Which queue servers under test have: the same in every build, unless somebody asks for another.</summary>
public static class TestQueue
{
    /// <summary>Names another queue for all tests that do not choose one, as <c>Runs:Queue</c> does.</summary>
    public const string Variable = "AGENTPROTOCOL_TEST_QUEUE";

    /// <summary>The setting, in the form of the command line.</summary>
    public static string Setting { get; } = $"--Runs:Queue={Environment.GetEnvironmentVariable(Variable) ?? "Postgres"}";
}
