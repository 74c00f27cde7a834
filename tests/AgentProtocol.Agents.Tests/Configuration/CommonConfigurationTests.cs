using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Tests.Configuration;

/// <summary>What can be said in the file of every agent.</summary>
public sealed class CommonConfigurationTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void All_members_reach_the_definition()
    {
        var agent = Read("""
            "name": "A", "description": "Does a.", "metadata": { "team": "red", "n": 1.50 },
            "inputSchema": { "type": "object", "properties": { "q": { "type": ["string", "null"] }, "any": true } },
            "outputSchema": { "$ref": "#/$defs/a", "$defs": { "a": { "items": [{}], "enum": [1] } } },
            "timeouts": { "total": 90.5, "idle": "00:02:00", "queueWait": "1.00:00:00" },
            "maxConcurrentRuns": 4, "retry": { "maxAttempts": 5, "delaySeconds": 0.25 }, "onSteer": "steer"
            """);

        Assert.Equal(("a", "llm", "A", "Does a."), (agent.Id, agent.Kind, agent.Name, agent.Description));
        Assert.Equal("""{"team":"red","n":1.50}""", agent.Metadata?.GetRawText());
        Assert.Equal("string", agent.InputSchema?.GetProperty("properties").GetProperty("q").GetProperty("type")[0].GetString());
        Assert.Equal("#/$defs/a", agent.OutputSchema?.GetProperty("$ref").GetString());
        Assert.Equal(new AgentLimits(TimeSpan.FromSeconds(90.5), TimeSpan.FromMinutes(2), TimeSpan.FromDays(1)), agent.Limits);
        Assert.Equal(4, agent.MaxConcurrentRuns);
        Assert.Equal(new AgentRetry(5, TimeSpan.FromSeconds(0.25)), agent.Retry);
        Assert.Equal(SteerPolicy.Steer, agent.OnSteer);
    }

    [Fact]
    public void What_is_left_out_is_left_to_the_settings_of_the_server()
    {
        var agent = Read("\"onSteer\": \"interrupt\"");

        Assert.Equal((null, null, null), (agent.Name, agent.Description, agent.Metadata?.ValueKind));
        Assert.Equal((AgentLimits.None, null, null, SteerPolicy.Interrupt), (agent.Limits, agent.MaxConcurrentRuns, agent.Retry, agent.OnSteer));
        Assert.Equal("Messages", agent.InputSchema?.GetProperty("title").GetString());
        Assert.Equal("Messages", agent.OutputSchema?.GetProperty("title").GetString());
        Assert.Equal(new AgentRetry(2, TimeSpan.FromSeconds(1)), Read("\"retry\": { \"maxAttempts\": 2 }").Retry);
    }

    [Fact]
    public void Comments_stay_in_the_file()
    {
        var agent = Read("\"metadata\": { // for people\n \"team\": [1, /* two */ 2,], }, \"inputSchema\": { /* any */ }");

        Assert.Equal("""{"team":[1,2]}""", agent.Metadata?.GetRawText());
        Assert.Equal("{}", agent.InputSchema?.GetRawText());
    }

    [Fact]
    public void A_member_with_a_dot_is_not_taken_for_a_path() =>
        Assert.Equal(2, Read("\"metadata\": { \"a.b\": 1, \"a\": { \"b\": 2 } }").Metadata?.GetProperty("a").GetProperty("b").GetInt32());

    private AgentDefinition Read(string members)
    {
        File.WriteAllText(
            Path.Combine(directory, "agents.json"),
            """{ "agents": [{ "id": "a", "kind": "llm", "model": { "provider": "openai", "baseUrl": "http://localhost:1/v1", "name": "m" }, MEMBERS }] }"""
                .Replace("MEMBERS", members, StringComparison.Ordinal));
        return Assert.Single(new AgentSource(new AgentsOptions { Echo = false }, directory, directory, _ => null).Load());
    }
}
