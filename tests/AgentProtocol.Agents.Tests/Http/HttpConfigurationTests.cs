using AgentProtocol.Agents.Configuration;
using AgentProtocol.Testing.Http;

namespace AgentProtocol.Agents.Tests.Http;

public sealed class HttpConfigurationTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Agent_of_the_file_calls_its_service_with_keys_of_the_environment()
    {
        await using var stub = await HttpStub.StartAsync(200, "text/plain", "ok");

        var agent = Load($$"""{"id":"far","kind":"http","url":"{{stub.Url}}run","headers":{"Authorization":"Bearer {env:TOKEN}"},"cancelUrl":"{{stub.Url}}cancel","silence":30,"onSteer":"steer"}""");
        await agent.Agent.EventsAsync(AgentRuns.Saying("hi"));

        Assert.Equal(("far", "http", SteerPolicy.Steer), (agent.Id, agent.Kind, agent.OnSteer));
        Assert.Equal(["agent"], agent.Nodes);
        Assert.Equal("Bearer secret-1", Assert.Single(stub.Requests).Headers["Authorization"]);
    }

    [Theory]
    [InlineData("""{"id":"a","kind":"http"}""", "\"url\" is missing")]
    [InlineData("""{"id":"a","kind":"http","url":"ftp://x"}""", "http or https")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","header":{}}""", "no such member")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":[]}""", "must be an object")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":{"X-Key":"{env:ABSENT}"}}""", "ABSENT is not set")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":{"X-Key":"{env:BROKEN}"}}""", "visible ASCII")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":{"Host":"y"}}""", "no header that can be chosen")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":{"a b":"y"}}""", "no header that can be chosen")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","headers":{"A":"y","a":"z"}}""", "twice")]
    [InlineData("""{"id":"a","kind":"http","url":"http://x","silence":0}""", "must be a time")]
    public void Mistake_is_told(string agent, string hint)
    {
        var refused = Assert.Throws<AgentConfigurationException>(() => Load(agent));

        Assert.Contains(hint, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    private AgentDefinition Load(string agent)
    {
        File.WriteAllText(Path.Combine(directory, "agents.json"), $$"""{"agents":[{{agent}}]}""");
        return Assert.Single(new AgentSource(
            new AgentsOptions { Echo = false }, directory, directory, name => name switch { "TOKEN" => "secret-1", "BROKEN" => "secret\n2", _ => null }).Load());
    }
}
