using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

public sealed class ToolConfigurationTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "\"tools\":{}", "$.agents[0].tools", "must be a list" },
        { Tools("7"), "$.agents[0].tools[0]", "must be an object" },
        { Tools("{}"), "$.agents[0].tools[0]", "exactly one of mcp, http, store, agent" },
        { Tools("""{"agent":"a","store":{}}"""), "$.agents[0].tools[0]", "exactly one of" },
        { Tools("""{"store":{"namespace":["m"]},"name":"x"}"""), "$.agents[0].tools[0].name", "no such member" },
        { Tools("""{"store":{"namespace":[]}}"""), "$.agents[0].tools[0].store.namespace", "at least one label" },
        { Tools("""{"store":{"namespace":["a.b"]}}"""), "$.agents[0].tools[0].store.namespace", "no dots" },
        { Tools("""{"store":{"namespace":["m"]}},{"store":{"namespace":["n"]}}"""), "$.agents[0].tools[1].store", "there is another tool called \"store_put\"" },
        { Tools("""{"store":{"namespace":["m"]},"requireApproval":["store_push"]}"""), "$.agents[0].tools[0].requireApproval", "no tool \"store_push\" here: use store_put" },
        { Tools("""{"store":{"namespace":["m"]},"requireApproval":1}"""), "$.agents[0].tools[0].requireApproval", "true or false" },
        { Tools("""{"agent":"a","name":"no blanks"}"""), "$.agents[0].tools[0].name", "1 to 64" },
        { Tools("""{"agent":"x"},{"agent":"x"}"""), "$.agents[0].tools[1].agent", "another tool called \"x\"" },
        { Tools("""{"mcp":{}}"""), "$.agents[0].tools[0].mcp", "either a \"command\" or a \"url\"" },
        { Tools("""{"mcp":{"command":"x","url":"http://x"}}"""), "$.agents[0].tools[0].mcp", "either a \"command\" or a \"url\"" },
        { Tools("""{"mcp":{"url":"http://x","args":[]}}"""), "$.agents[0].tools[0].mcp.args", "with a \"command\" only" },
        { Tools("""{"mcp":{"command":"x","headers":{}}}"""), "$.agents[0].tools[0].mcp.headers", "with a \"url\" only" },
        { Tools("""{"mcp":{"command":"x","env":["ABSENT"]}}"""), "$.agents[0].tools[0].mcp.env[0]", "ABSENT is not set" },
        { Tools("""{"mcp":{"command":"x","env":["sk-a-key"]}}"""), "$.agents[0].tools[0].mcp.env[0]", "must be the name of an environment variable" },
        { Tools("""{"mcp":{"url":"http://x","headers":{"Authorization":"Bearer {env:ABSENT}"}}}"""), "$.agents[0].tools[0].mcp.headers.Authorization", "ABSENT is not set" },
        { Tools("""{"mcp":{"url":"http://x","headers":{"A":"{env:BROKEN}"}}}"""), "$.agents[0].tools[0].mcp.headers.A", "visible ASCII" },
        { Http("""{"name":"x","description":"d","url":"http://x","headers":{"Content-Type":"text/csv"}}"""), "$.agents[0].tools[0].http.headers.Content-Type", "no header that can be chosen" },
        { Tools("""{"mcp":{"command":"x","name":"a b"}}"""), "$.agents[0].tools[0].mcp.name", "1 to 64" },
        { Http("""{"name":"x","url":"http://x"}"""), "$.agents[0].tools[0].http", "\"description\" is missing" },
        { Http("""{"name":"a b","description":"d","url":"http://x"}"""), "$.agents[0].tools[0].http.name", "1 to 64" },
        { Http("""{"name":"x","description":"d","url":"ftp://x"}"""), "$.agents[0].tools[0].http.url", "http or https" },
        { Http("""{"name":"x","description":"d","url":"http://{host}/x"}"""), "$.agents[0].tools[0].http.url", "only the path and the query" },
        { Http("""{"name":"x","description":"d","url":"http://x:{port}/x"}"""), "$.agents[0].tools[0].http.url", "http or https" },
        { Http("""{"name":"x","description":"d","url":"http://x","method":"BREW"}"""), "$.agents[0].tools[0].http.method", "no method" },
        { Http("""{"name":"x","description":"d","url":"http://x","method":"post"}"""), "$.agents[0].tools[0].http.method", "use one of GET, POST" },
        { Http("""{"name":"x","description":"d","url":"http://x","timeoutSeconds":0}"""), "$.agents[0].tools[0].http.timeoutSeconds", "from 1 to 3600" },
        { Http("""{"name":"x","description":"d","url":"http://x","parameters":[]}"""), "$.agents[0].tools[0].http.parameters", "must be an object" },
        { "\"maxTurns\":0", "$.agents[0].maxTurns", "from 1 to 1000" },
        { "\"contextTokens\":10", "$.agents[0].contextTokens", "from 1000" },
        { "\"outputSchema\":[]", "$.agents[0].outputSchema", "must be an object" },
        { "\"outputSchema\":{\"$ref\":\"#/definitions/missing\"}", "$.agents[0].outputSchema", "not a JSON Schema" },
    };

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistake_is_said_with_its_place(string members, string path, string hint)
    {
        var refusal = Assert.Throws<AgentConfigurationException>(() => Load(members));

        Assert.Contains($"{path}: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(hint, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_kinds_of_tools_can_be_described()
    {
        var agent = Load(Tools(
            """{"mcp":{"name":"files","command":"npx","args":["-y","x"],"env":["KEY"]},"requireApproval":["write"]}""",
            """{"mcp":{"url":"https://example.com/mcp","headers":{"Authorization":"Bearer {env:KEY}"}}}""",
            """{"http":{"name":"weather","description":"d","method":"POST","url":"https://example.com/{city}?u=c","headers":{"X-Key":"{env:KEY}","Accept":"text/csv"},"parameters":{"type":"object"},"timeoutSeconds":5},"requireApproval":true}""",
            """{"store":{"namespace":["memories"]},"requireApproval":["store_delete"]}""",
            """{"agent":"other.agent","description":"d"}""") + ""","maxTurns":10,"contextTokens":8000,"outputSchema":{"type":"object"}""");

        Assert.Equal(["agent", "tools"], agent.Nodes);
        Assert.True(agent.IsSteerable);
    }

    private static string Tools(params string[] tools) => $"\"tools\":[{string.Join(',', tools)}]";

    private static string Http(string http) => Tools($$"""{"http":{{http}}}""");

    private AgentDefinition Load(string members)
    {
        File.WriteAllText(
            Path.Combine(directory, "agents.json"),
            $$"""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://localhost:1/v1","name":"m"},{{members}}}]}""");
        return new AgentSource(
            new AgentsOptions { Echo = false },
            directory,
            directory,
            name => name switch { "KEY" => "k", "BROKEN" => "a\nb", _ => null }).Load().Single();
    }
}
