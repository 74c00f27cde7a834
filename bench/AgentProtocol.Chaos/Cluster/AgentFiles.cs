namespace AgentProtocol.Chaos.Cluster;

/// <summary>Agents that misbehave; the well-behaved one is the server's own <c>echo</c>.</summary>
internal static class AgentFiles
{
    /// <summary>Never ends by itself; ends when it is told to.</summary>
    public const string Hanging = "hanging";

    /// <summary>Fails each time, with an exit code.</summary>
    public const string Throwing = "throwing";

    /// <summary>Never ends, and does not listen when it is told to.</summary>
    public const string Stubborn = "stubborn";

    /// <summary>Writes them and gives the path of the agents file.</summary>
    public static string Write(string folder)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, "agents")).FullName;
        var file = Path.Combine(home, "agents.json");
        File.WriteAllText(file, $$"""
            {
              "agents": [
                { "id": "{{Hanging}}", "kind": "process", "mode": "plain", "command": "sh", "args": ["-c", "cat >/dev/null; sleep 600"], "killGraceSeconds": 1 },
                { "id": "{{Throwing}}", "kind": "process", "mode": "plain", "command": "sh", "args": ["-c", "cat >/dev/null; echo partly; exit 3"], "killGraceSeconds": 1 },
                { "id": "{{Stubborn}}", "kind": "process", "mode": "plain", "command": "sh", "args": ["-c", "trap '' TERM; cat >/dev/null; sleep 600"], "killGraceSeconds": 1 }
              ]
            }
            """);
        return file;
    }
}
