using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Tests.Remote;

/// <summary>Agents of other servers in the agents file.</summary>
public sealed class RemoteConfigurationTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Agent_of_the_file_takes_messages_while_it_works()
    {
        var agent = Load("""{"id":"far","kind":"remote","url":"http://x:1/base","assistant":"agent","apiKeyEnv":"TOKEN","headers":{"X-Team":"red"},"silence":"00:00:30"}""");

        Assert.Equal(("far", "remote", "agent", true), (agent.Id, agent.Kind, Assert.Single(agent.Nodes), agent.IsSteerable));
    }

    [Theory]
    [InlineData("""{"id":"a","kind":"remote","assistant":"b"}""", "$.agents[0]: the member \"url\" is missing")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x"}""", "$.agents[0]: the member \"assistant\" is missing")]
    [InlineData("""{"id":"a","kind":"remote","url":"x","assistant":"b"}""", "$.agents[0].url: this must be a plain http or https URL")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://me:secret@x","assistant":"b"}""", "$.agents[0].url: this must be a plain http or https URL")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":" "}""", "$.agents[0].assistant: this must be a text that is not empty")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","key":"c"}""", "$.agents[0].key: there is no such member")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","apiKeyEnv":"ABSENT"}""", "$.agents[0].apiKeyEnv: the environment variable ABSENT is not set")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","apiKeyEnv":"BROKEN"}""", "$.agents[0].apiKeyEnv: the environment variable BROKEN holds blanks")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","apiKeyEnv":"sk-secret"}""", "$.agents[0].apiKeyEnv: this must be the name of an environment variable")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","headers":{"X-Key":"{env:ABSENT}"}}""", "$.agents[0].headers.X-Key: the environment variable ABSENT is not set")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","headers":{"Last-Event-ID":"1"}}""", "$.agents[0].headers.Last-Event-ID: this is no header that can be chosen")]
    [InlineData("""{"id":"a","kind":"remote","url":"http://x","assistant":"b","silence":-1}""", "$.agents[0].silence: this must be a time")]
    public void Mistake_is_told_with_its_place(string agent, string hint)
    {
        var refused = Assert.Throws<AgentConfigurationException>(() => Load(agent));

        Assert.Contains(hint, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    private AgentDefinition Load(string agent)
    {
        File.WriteAllText(Path.Combine(directory, "agents.json"), $$"""{"agents":[{{agent}}]}""");
        return Assert.Single(new AgentSource(
            new AgentsOptions { Echo = false }, directory, directory, name => name switch { "TOKEN" => "secret-1", "BROKEN" => "secret 2", _ => null }).Load());
    }
}
