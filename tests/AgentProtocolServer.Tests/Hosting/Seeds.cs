using Xunit;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>Tells what a random test has drawn, so that it can be repeated.</summary>
internal static class Seeds
{
    private static readonly Lock Gate = new();

    /// <summary>The runner shows the output of failed tests only; the dev script prints this file in any case.</summary>
    public static void Tell(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable("AGENTPROTOCOL_SEED_LOG") is { Length: > 0 } file)
        {
            lock (Gate)
            {
                File.AppendAllText(file, line + Environment.NewLine);
            }
        }
    }
}
