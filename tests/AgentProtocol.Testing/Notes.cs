using Xunit;

namespace AgentProtocol.Testing;

/// <summary>What whoever runs the tests wants to know also when they pass: what a random test has drawn, or which database was used.</summary>
public static class Notes
{
    private static readonly Lock Gate = new();

    /// <summary>The runner shows the output of failed tests only; the dev script prints this file in any case.</summary>
    public static void Tell(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Console.WriteLine(line);
        if (Environment.GetEnvironmentVariable("AGENTPROTOCOL_TEST_NOTES") is { Length: > 0 } file)
        {
            lock (Gate)
            {
                File.AppendAllText(file, line + Environment.NewLine);
            }
        }
    }
}
