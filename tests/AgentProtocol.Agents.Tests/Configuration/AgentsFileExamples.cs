using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Tests.Configuration;

/// <summary>Agents files that are right: those that the repository shows to people, and one for each kind that says all that can be said.</summary>
internal static partial class AgentsFileExamples
{
    private const string Common = """
        "name": "A", "description": "Does a.", "metadata": { "team": "red" },
        "inputSchema": { "type": "object" }, "outputSchema": { "type": "object" },
        "timeouts": { "total": 60, "idle": "00:00:10", "queueWait": 3600 },
        "maxConcurrentRuns": 4, "retry": { "maxAttempts": 5, "delaySeconds": 0.25 }, "onSteer": "steer"
        """;

    private static readonly Dictionary<string, string> Kinds = new()
    {
        ["llm"] = """
            "instructions": "Be brief.",
            "model": {
              "provider": "azure", "baseUrl": "http://localhost:11434", "name": "m", "apiKeyEnv": "A_KEY", "apiVersion": "2024-10-21", "timeoutSeconds": 60,
              "parameters": { "temperature": 0.5, "topP": 1, "maxOutputTokens": 100, "stop": ["\n"], "seed": 7, "reasoningEffort": "low", "parallelToolCalls": false }
            },
            "tools": [
              { "mcp": { "name": "files", "command": "files", "args": ["-v"], "env": ["A_KEY"] }, "requireApproval": true },
              { "mcp": { "url": "http://localhost:9000/mcp", "headers": { "X-Key": "{env:A_KEY}" } }, "requireApproval": ["write"] },
              { "http": { "name": "find", "description": "Finds.", "method": "POST", "url": "http://localhost:9000/{id}?a={b}", "headers": { "X-Key": "{env:A_KEY}" },
                  "parameters": { "type": "object" }, "timeoutSeconds": 5 }, "requireApproval": false },
              { "store": { "namespace": ["a", "notes"] }, "requireApproval": ["store_put"] },
              { "agent": "b", "name": "ask_b", "description": "Asks b.", "requireApproval": true }
            ],
            "maxTurns": 9, "contextTokens": 8000
            """,
        ["process"] = """
            "command": "some-cli", "args": ["--print", "{run_id}"], "mode": "jsonLines", "steerable": true, "history": false,
            "workingDirectory": "work/{thread_id}", "env": { "KEY": "{env:A_KEY}" }, "envAllow": ["A_KEY"], "memoryMb": 512, "cpuSeconds": 60,
            "killGraceSeconds": 2.5, "nodes": ["a", "b"]
            """,
        ["http"] = """
            "url": "http://localhost:9000/run", "headers": { "X-Key": "{env:A_KEY}" }, "cancelUrl": "http://localhost:9000/cancel", "silence": 60
            """,
        ["remote"] = """
            "url": "http://localhost:8124", "assistant": "agent", "apiKeyEnv": "A_KEY", "headers": { "X-Team": "red" }, "silence": "00:01:00"
            """,
    };

    public static string Root { get; } = FindRoot();

    public static TheoryData<string> All => [.. Shown.Keys, .. Kinds.Keys.Select(kind => $"all of {kind}")];

    private static Dictionary<string, string> Shown { get; } = FindShown();

    public static JsonNode Read(string name) => JsonNode.Parse(
        Shown.GetValueOrDefault(name) ?? Whole(name["all of ".Length..]),
        documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;

    private static string Whole(string kind) => $$"""
        { "$schema": "agents.schema.json", "agents": [{ "id": "a", "kind": "{{kind}}", {{Common}}, {{Kinds[kind]}} }] }
        """;

    /// <summary>The example file, and what README and docs have between fences and with agents in it.</summary>
    private static Dictionary<string, string> FindShown()
    {
        Dictionary<string, string> found = new() { ["agents.example.json"] = File.ReadAllText(Path.Combine(Root, "agents.example.json")) };
        found.Add("samples/agents/agents.json", File.ReadAllText(Path.Combine(Root, "samples", "agents", "agents.json")));
        foreach (var document in Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md")).Order())
        {
            foreach (Match block in Fenced().Matches(File.ReadAllText(document)))
            {
                found.Add($"{Path.GetRelativePath(Root, document)} at {block.Index}", block.Groups["json"].Value);
            }
        }

        return found;
    }

    private static string FindRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "AgentProtocolServer.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory;
    }

    [GeneratedRegex(@"^```jsonc?\r?\n(?<json>\s*\{(?:(?!^```).)*?""agents""\s*:.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
