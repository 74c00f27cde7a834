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

        Assert.StartsWith($"{file}, {path}: ", message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
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
        var refusal = Assert.Throws<AgentConfigurationException>(() => AgentCatalog.Load(new AgentsOptions(), directory, directory, Environment));
        return (file, refusal.Message);
    }
}
