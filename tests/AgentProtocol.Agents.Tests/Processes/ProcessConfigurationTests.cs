using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Processes;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>Programs in the agents file.</summary>
public sealed class ProcessConfigurationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("agents-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Described_program_is_started_beside_the_file_with_what_it_is_given()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script for a shell of Unix.");
        await File.WriteAllTextAsync(Path.Combine(folder, "agent.sh"), """printf '%s|%s|%s|' "$1" "$TOKEN" "$(pwd -P)"; cat""", AgentRuns.TestToken);

        var agent = Load("""
            "command": "sh", "args": ["../agent.sh", ""], "mode": "plain", "workingDirectory": "work", "history": true,
            "env": { "TOKEN": "Bearer {env:KEY}", "EMPTY": "" }, "envAllow": ["LANG"], "cpuSeconds": 60, "killGraceSeconds": 0.5, "nodes": ["work"]
            """);

        Assert.Equal(("process", "work", false), (agent.Kind, Assert.Single(agent.Nodes), agent.IsSteerable));
        var answer = (await agent.Agent.EventsAsync(AgentRuns.Saying("hello"))).Answer().Content();
        Assert.StartsWith("|Bearer a-key|", answer, StringComparison.Ordinal);
        Assert.EndsWith("/work|human: hello", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_that_the_file_names_are_concealed_and_what_it_says_itself_is_not()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script for a shell of Unix.");
        var agent = Load("""
            "command": "sh", "args": ["-c", "printf '%s %s' $TOKEN $STAGE"], "mode": "plain",
            "env": { "TOKEN": "user:{env:LONG_KEY}", "STAGE": "production" }
            """);

        Assert.Equal("user:*** production", (await agent.Agent.EventsAsync(AgentRuns.Saying("hello"))).Answer().Content());
    }

    [Fact]
    public async Task Path_of_a_program_begins_where_the_file_lies()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The program is a script for a shell of Unix.");
            return;
        }

        var script = Path.Combine(folder, "agent.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho started", AgentRuns.TestToken);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var agent = Load("\"command\": \"./agent.sh\", \"mode\": \"plain\"");

        Assert.Equal("started", (await agent.Agent.EventsAsync(AgentRuns.Saying("hello"))).Answer().Content());
    }

    [Fact]
    public async Task Every_member_is_documented()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "docs", "agents.md"), AgentRuns.TestToken);

        Assert.All(ProcessConfiguration.Members, member => Assert.Contains($"\n| `{member}` |", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Steerable_program_says_so() => Assert.True(Load("\"command\": \"sh\", \"steerable\": true").IsSteerable);

    [Theory]
    [InlineData("\"args\": []", "\"command\" is missing")]
    [InlineData("\"command\": \"sh\", \"more\": 1", "$.agents[0].more: there is no such member")]
    [InlineData("\"command\": \"sh\", \"args\": \"x\"", "$.agents[0].args: this must be a list")]
    [InlineData("\"command\": \"sh\", \"args\": [1]", "$.agents[0].args[0]: this must be a text")]
    [InlineData("\"command\": \"sh\", \"mode\": \"xml\"", "$.agents[0].mode: there is no such mode")]
    [InlineData("\"command\": \"sh\", \"mode\": \"plain\", \"steerable\": true", "cannot be steered")]
    [InlineData("\"command\": \"sh\", \"history\": true", "gets all messages anyway")]
    [InlineData("\"command\": \"sh\", \"steerable\": \"yes\"", "$.agents[0].steerable: this must be true or false")]
    [InlineData("\"command\": \"sh\", \"env\": []", "$.agents[0].env: this must be an object")]
    [InlineData("\"command\": \"sh\", \"env\": {\"A\": 1}", "$.agents[0].env.A: this must be a text")]
    [InlineData("\"command\": \"sh\", \"env\": {\"A\": \"{env:GONE}\"}", "$.agents[0].env.A: the environment variable GONE is not set")]
    [InlineData("\"command\": \"sh\", \"nodes\": []", "$.agents[0].nodes: a program has at least one step")]
    [InlineData("\"command\": \"sh\", \"nodes\": [\"\"]", "$.agents[0].nodes[0]: this must be a text that is not empty")]
    [InlineData("\"command\": \"sh\", \"memoryMb\": 0", "$.agents[0].memoryMb: this must be a whole number")]
    [InlineData("\"command\": \"sh\", \"cpuSeconds\": 1.5", "$.agents[0].cpuSeconds: this must be a whole number")]
    [InlineData("\"command\": \"sh\", \"killGraceSeconds\": 90", "$.agents[0].killGraceSeconds: this must be a number from 0 to 60")]
    public void Mistakes_name_their_place(string members, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<AgentConfigurationException>(() => Load(members)).Message, StringComparison.Ordinal);

    private static string RepositoryRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "AgentProtocolServer.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory;
    }

    private AgentDefinition Load(string members)
    {
        var file = Path.Combine(folder, "agents.json");
        File.WriteAllText(file, $$"""{ "agents": [ { "id": "program", "kind": "process", {{members}} } ] }""");
        return Assert.Single(new AgentSource(
            new AgentsOptions { File = file, Echo = false }, folder, folder, name => name switch { "KEY" => "a-key", "LONG_KEY" => "a-long-key", _ => null }).Load());
    }
}
