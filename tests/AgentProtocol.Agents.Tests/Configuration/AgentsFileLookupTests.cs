using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Tests.Configuration;

public sealed class AgentsFileLookupTests : IDisposable
{
    private const string OneAgent = """
        // people write this file
        { "agents": [ { "id": "ID", "kind": "llm", "model": { "provider": "openai", "baseUrl": "http://localhost:1/v1", "name": "m" }, }, ] }
        """;

    private readonly string workingDirectory = Directory.CreateTempSubdirectory("agents-").FullName;
    private readonly string contentRoot = Directory.CreateTempSubdirectory("agents-").FullName;

    public void Dispose()
    {
        Directory.Delete(workingDirectory, recursive: true);
        Directory.Delete(contentRoot, recursive: true);
    }

    [Fact]
    public void Without_a_file_there_is_echo() => Assert.Equal(["echo"], Load(new AgentsOptions()));

    [Fact]
    public void Echo_can_be_switched_off() => Assert.Empty(Load(new AgentsOptions { Echo = false }));

    [Fact]
    public void Echo_comes_before_the_agents_of_the_file()
    {
        Write(workingDirectory, "agents.json", "writer");

        Assert.Equal(["echo", "writer"], Load(new AgentsOptions()));
    }

    [Fact]
    public void Working_directory_comes_before_the_content_root()
    {
        Write(contentRoot, "agents.json", "in-root");
        Assert.Equal(["echo", "in-root"], Load(new AgentsOptions { File = "" }));

        Write(workingDirectory, "agents.json", "in-directory");
        Assert.Equal(["echo", "in-directory"], Load(new AgentsOptions()));
    }

    [Fact]
    public void Configured_file_is_read_instead_of_the_default()
    {
        Write(workingDirectory, "agents.json", "default");
        Write(workingDirectory, "mine.json", "mine");

        Assert.Equal(["echo", "mine"], Load(new AgentsOptions { File = "mine.json" }));
        Assert.Equal(["echo", "mine"], Load(new AgentsOptions { File = Path.Combine(workingDirectory, "mine.json") }));
    }

    [Theory]
    [InlineData("mine.json")]
    [InlineData("agents.json")]
    public void Configured_file_must_exist(string name)
    {
        var refusal = Assert.Throws<AgentConfigurationException>(() => Load(new AgentsOptions { File = name }));

        Assert.Contains($"Agents:File names \"{name}\"", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(workingDirectory, name), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_may_replace_echo_once_it_is_switched_off()
    {
        Write(workingDirectory, "agents.json", "echo");

        Assert.Contains("Agents:Echo=false", Assert.Throws<AgentConfigurationException>(() => Load(new AgentsOptions())).Message, StringComparison.Ordinal);
        Assert.Equal(["echo"], Load(new AgentsOptions { Echo = false }));
    }

    [Fact]
    public void Example_in_the_repository_is_valid()
    {
        var example = Path.Combine(AgentsFileExamples.Root, "agents.example.json");

        var agents = new AgentSource(new AgentsOptions { File = example }, workingDirectory, contentRoot, _ => "a-key").Load();

        Assert.Equal(["echo", "local-assistant", "researcher"], agents.Select(agent => agent.Id));
        Assert.Equal(("llm", "Researcher"), (agents[2].Kind, agents[2].Name));
        Assert.NotNull(agents[2].Description);
    }

    private static void Write(string directory, string name, string id) =>
        File.WriteAllText(Path.Combine(directory, name), OneAgent.Replace("ID", id, StringComparison.Ordinal));

    private IEnumerable<string> Load(AgentsOptions options) =>
        new AgentSource(options, workingDirectory, contentRoot, _ => null).Load().Select(agent => agent.Id);
}
