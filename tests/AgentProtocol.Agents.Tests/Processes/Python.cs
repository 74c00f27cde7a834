using AgentProtocol.Agents.Processes;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>A machine without Python: a laptop may skip, a build server must not stay green by it.</summary>
internal static class Python
{
    public static void Require()
    {
        if (ProgramPath.Find("python3", Environment.GetEnvironmentVariable("PATH")) is null)
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), "There is no Python on this machine.");
            Assert.Fail("CI has no Python: install version 3.9 or newer.");
        }
    }
}
