using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Tests.Configuration;

public sealed class AgentsFileErrorsTests : IDisposable
{
    private const string Model = """{"provider":"openai","baseUrl":"http://localhost:1/v1","name":"m"}""";

    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "[]", "$", "must be an object" },
        { "{}", "$", "\"agents\" is missing" },
        { """{"agents":{}}""", "$.agents", "must be a list" },
        { """{"agents":[],"more":1}""", "$.more", "no such member" },
        { """{"agents":[],"agents":[]}""", "$.agents", "twice" },
        { """{"agents":[7]}""", "$.agents[0]", "must be an object" },
        { """{"agents":[{"id":"a","kind":"llm"}]}""", "$.agents[0]", "\"model\" is missing" },
        { Agent("""{"kind":"llm","model":MODEL}"""), "$.agents[1]", "\"id\" is missing" },
        { Agent("""{"id":"a","model":MODEL}"""), "$.agents[1]", "\"kind\" is missing" },
        { Agent("""{"id":"a","kind":"lmm","model":MODEL}"""), "$.agents[1].kind", "\"lmm\" is not a kind of agent" },
        { Agent("""{"id":"a","kind":"llm","model":MODEL,"tool":[]}"""), "$.agents[1].tool", "no such member" },
        { Agent("""{"id":"a","kind":"llm","model":MODEL,"Name":"x"}"""), "$.agents[1].Name", "no such member" },
        { Agent("""{"id":"a","kind":"llm","model":MODEL,"id":"b"}"""), "$.agents[1].id", "twice" },
        { Agent("""{"id":"a","kind":"llm","model":MODEL,"name":7}"""), "$.agents[1].name", "must be a text" },
        { Agent("""{"id":"a","kind":"llm","model":MODEL,"instructions":" "}"""), "$.agents[1].instructions", "not empty" },
        { Agent("""{"id":"first","kind":"llm","model":MODEL}"""), "$.agents[1].id", "\"first\" is the id of another agent" },
        { Agent("""{"id":"a b","kind":"llm","model":MODEL}"""), "$.agents[1].id", "1 to 128" },
        { Agent("""{"id":"a\n","kind":"llm","model":MODEL}"""), "$.agents[1].id", "1 to 128" },
        { Agent($$"""{"id":"{{new string('a', 129)}}","kind":"llm","model":MODEL}"""), "$.agents[1].id", "1 to 128" },
        { WithModel("7"), "$.agents[1].model", "must be an object" },
        { WithModel("""{"name":"m","baseUrl":"http://x"}"""), "$.agents[1].model", "\"provider\" is missing" },
        { WithModel("""{"provider":"openai","baseUrl":"http://x"}"""), "$.agents[1].model", "\"name\" is missing" },
        { WithModel("""{"provider":"mistral","name":"m"}"""), "$.agents[1].model.provider", "\"mistral\" is not a provider" },
        { WithModel("""{"provider":"openai","name":"m","apiKey":"secret"}"""), "$.agents[1].model.apiKey", "no such member" },
        { WithModel("""{"provider":"openai","name":"m"}"""), "$.agents[1].model", "add \"apiKeyEnv\"" },
        { WithUrl("localhost:11434/v1"), "$.agents[1].model.baseUrl", "http or https" },
        { WithUrl("/v1"), "$.agents[1].model.baseUrl", "http or https" },
        { WithUrl("ftp://x/v1"), "$.agents[1].model.baseUrl", "http or https" },
        { WithUrl("http://u:p@x/v1"), "$.agents[1].model.baseUrl", "http or https" },
        { WithUrl("http://x/v1?version=1"), "$.agents[1].model.baseUrl", "http or https" },
        { """{"$schema":"","agents":[]}""", "$.$schema", "not empty" },
        { With("\"name\":\"a\\u0000\""), "$.agents[1].name", "NUL" },
        { With("\"na.me\":1"), "$.agents[1]['na.me']", "no such member" },
        { With("\"\\ud800\":1"), "$.agents[1]", "no Unicode" },
        { With("\"metadata\":[]"), "$.agents[1].metadata", "must be an object" },
        { With("\"metadata\":{\"kind\":1}"), "$.agents[1].metadata.kind", "the server says this" },
        { With("\"metadata\":{\"a\":{\"b\":1,\"b\":2}}"), "$.agents[1].metadata.a.b", "twice" },
        { With("\"metadata\":{\"a\":\"\\u0000\"}"), "$.agents[1].metadata", "cannot be searched" },
        { With("\"inputSchema\":true"), "$.agents[1].inputSchema", "must be an object" },
        { With("\"inputSchema\":{\"type\":\"text\"}"), "$.agents[1].inputSchema.type", "\"text\" is not a type of JSON" },
        { With("\"inputSchema\":{\"type\":[]}"), "$.agents[1].inputSchema.type", "must not be empty" },
        { With("\"inputSchema\":{\"$ref\":\"http://x/y\"}"), "$.agents[1].inputSchema.$ref", "points out of the file" },
        { With("\"outputSchema\":{\"properties\":{\"a\":{\"items\":7}}}"), "$.agents[1].outputSchema.properties.a.items", "must be an object" },
        { With("\"outputSchema\":{\"required\":\"a\"}"), "$.agents[1].outputSchema.required", "must be a list" },
        { With("\"outputSchema\":{\"anyOf\":[{\"enum\":[]}]}"), "$.agents[1].outputSchema.anyOf[0].enum", "must not be empty" },
        { With("\"timeouts\":90"), "$.agents[1].timeouts", "must be an object" },
        { With("\"timeouts\":{\"totl\":90}"), "$.agents[1].timeouts.totl", "no such member" },
        { With("\"timeouts\":{\"total\":0}"), "$.agents[1].timeouts.total", "must be a time" },
        { With("\"timeouts\":{\"total\":-1}"), "$.agents[1].timeouts.total", "must be a time" },
        { With("\"timeouts\":{\"idle\":1e300}"), "$.agents[1].timeouts.idle", "must be a time" },
        { With("\"timeouts\":{\"idle\":\"10 minutes\"}"), "$.agents[1].timeouts.idle", "must be a time" },
        { With("\"timeouts\":{\"queueWait\":\"366.00:00:00\"}"), "$.agents[1].timeouts.queueWait", "must be a time" },
        { With("\"maxConcurrentRuns\":0"), "$.agents[1].maxConcurrentRuns", "whole number from 1" },
        { With("\"maxConcurrentRuns\":1.5"), "$.agents[1].maxConcurrentRuns", "whole number from 1" },
        { With("\"retry\":{}"), "$.agents[1].retry", "\"maxAttempts\" is missing" },
        { With("\"retry\":{\"maxAttempts\":101}"), "$.agents[1].retry.maxAttempts", "whole number from 1 to 100" },
        { With("\"retry\":{\"maxAttempts\":2,\"delaySeconds\":-1}"), "$.agents[1].retry.delaySeconds", "number from 0 to 3600" },
        { With("\"onSteer\":\"stop\""), "$.agents[1].onSteer", "use \"steer\" or \"interrupt\"" },
        { WithKey("ABSENT_KEY"), "$.agents[1].model.apiKeyEnv", "ABSENT_KEY is not set" },
        { WithKey("EMPTY_KEY"), "$.agents[1].model.apiKeyEnv", "EMPTY_KEY is not set" },
        { WithKey("BROKEN_KEY"), "$.agents[1].model.apiKeyEnv", "set it to the key alone" },
        { WithKey("sk-secret"), "$.agents[1].model.apiKeyEnv", "must be the name of an environment variable" },
    };

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistake_is_one_line_with_file_place_and_mend(string json, string path, string hint)
    {
        var (file, message) = Refused(json);

        Assert.StartsWith($"{file}, line 1, {path}: ", message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"oops\": 1", 6)]
    [InlineData("\"metadata\": { \"fine\": 1,\n\n \"kind\": 2 }", 8)]
    [InlineData("// why\n\"inputSchema\": {\n\"type\":\n \"txt\" }", 8)]
    [InlineData("\"model\": 7", 6)]
    public void Mistake_names_its_line(string member, int line)
    {
        var (file, message) = Refused(Agent($$"""

            /* one
            two */ {
              "id": "a", "kind": "llm",
              "model": MODEL,
              {{member}}
            }
            """));

        Assert.StartsWith($"{file}, line {line}, $.agents[1].", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\n  \"agents\": [\n    { \"id\" 1 }\n", 3)]
    [InlineData("{\n  \"agents\": [\n", 3)]
    [InlineData("{\"agents\":[]}\n{}", 2)]
    public void Malformed_JSON_is_one_line_with_file_and_line(string json, int line)
    {
        var (file, message) = Refused(json);

        Assert.StartsWith($"{file}, line {line}: this is not valid JSON", message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static string Agent(string second) =>
        $$"""{"agents":[{"id":"first","kind":"llm","model":MODEL},{{second}}]}""".Replace("MODEL", Model, StringComparison.Ordinal);

    private static string With(string member) => Agent($$"""{"id":"a","kind":"llm","model":MODEL,{{member}}}""");

    private static string WithModel(string model) => Agent($$"""{"id":"a","kind":"llm","model":{{model}}}""");

    private static string WithUrl(string url) => WithModel($$"""{"provider":"openai","name":"m","baseUrl":"{{url}}"}""");

    private static string WithKey(string variable) => WithModel($$"""{"provider":"openai","name":"m","apiKeyEnv":"{{variable}}"}""");

    private static string? Environment(string variable) => variable switch
    {
        "EMPTY_KEY" => " ",
        "BROKEN_KEY" => "sk secret",
        _ => null,
    };

    private (string File, string Message) Refused(string json)
    {
        var file = Path.Combine(directory, "agents.json");
        File.WriteAllText(file, json);
        var refusal = Assert.Throws<AgentConfigurationException>(() => new AgentSource(new AgentsOptions(), directory, directory, Environment).Load());
        return (file, refusal.Message);
    }
}
