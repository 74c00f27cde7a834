using System.Text.Json.Nodes;
using AgentProtocol.Agents.Configuration;
using NJsonSchema;

namespace AgentProtocol.Agents.Tests.Configuration;

/// <summary>The JSON Schema of the agents file says what its reader does.</summary>
public sealed class AgentsSchemaTests : IDisposable
{
    private static readonly JsonNode Schema = JsonNode.Parse(AgentsFileSchema.Json)!;

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(file);

    [Theory]
    [MemberData(nameof(AgentsFileExamples.All), MemberType = typeof(AgentsFileExamples))]
    public async Task An_example_is_right_for_the_schema_and_for_the_reader(string name)
    {
        var example = AgentsFileExamples.Read(name);
        var schema = await JsonSchema.FromJsonAsync(AgentsFileSchema.Json, TestContext.Current.CancellationToken);

        Assert.Empty(schema.Validate(example.ToJsonString()));
        Assert.Null(Complaint(example));
    }

    [Theory]
    [MemberData(nameof(AgentsFileExamples.All), MemberType = typeof(AgentsFileExamples))]
    public void The_schema_has_the_members_that_the_reader_knows(string name)
    {
        var example = AgentsFileExamples.Read(name);
        for (var place = 0; place < AgentsSchemaWalk.Closed(Schema, example).Count; place++)
        {
            var copy = example.DeepClone();
            var (value, schema) = AgentsSchemaWalk.Closed(Schema, copy)[place];
            value["noSuchMember"] = 1;

            var complaint = Complaint(copy);
            Assert.Contains($"{value.GetPath()}.noSuchMember: there is no such member", complaint, StringComparison.Ordinal);
            Assert.Equal(AgentsSchemaWalk.Members(schema).Order(), Listed(complaint!, "use one of ", ", ").Order());
        }
    }

    [Fact]
    public void Every_object_of_the_schema_is_in_an_example()
    {
        var walked = AgentsFileExamples.All.SelectMany(name => AgentsSchemaWalk.Closed(Schema, AgentsFileExamples.Read(name.Data)));

        Assert.Equal(AgentsSchemaWalk.AllClosed(Schema).Order(), walked.Select(found => found.Schema.GetPath()).Distinct().Order());
    }

    [Fact]
    public void The_schema_has_the_kinds_that_the_reader_knows()
    {
        var kinds = AgentsSchemaWalk.AllClosed(Schema).Select(path => path.Split('.')[^1]).Where(name => Schema["definitions"]?[name]?["properties"]?["kind"] is not null);
        var complaint = Complaint(JsonNode.Parse("""{ "agents": [{ "id": "a", "kind": "no-such-kind" }] }""")!);

        Assert.Equal(kinds.Order(), Listed(complaint!, "use ", " or ").Select(kind => kind.Trim('"')).Order());
    }

    [Theory]
    [InlineData("""{"agents":[{"id":"a b","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"}}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"x","name":"m"}}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"},"timeouts":{"total":"soon"}}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"},"metadata":{"kind":"x"}}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"},"onSteer":"stop"}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm"}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"},"tools":[{"mcp":{"command":"x","env":["A-KEY"]}}]}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"llm","model":{"provider":"openai","baseUrl":"http://x","name":"m"},"tools":[{"http":{"name":"x","description":"d","url":"http://x","method":"post"}}]}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"process","command":"x","nodes":[]}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"process","command":"x","nodes":[""]}]}""")]
    [InlineData("""{"agents":[{"id":"a","kind":"remote","url":"http://x","assistant":"a","apiKeyEnv":"A-KEY"}]}""")]
    [InlineData("""{"agent":[]}""")]
    public async Task What_the_reader_refuses_is_wrong_for_the_schema_too(string json)
    {
        var schema = await JsonSchema.FromJsonAsync(AgentsFileSchema.Json, TestContext.Current.CancellationToken);

        Assert.NotNull(Complaint(JsonNode.Parse(json)!));
        Assert.NotEmpty(schema.Validate(json));
    }

    private static string[] Listed(string complaint, string before, string between) =>
        complaint[(complaint.LastIndexOf(before, StringComparison.Ordinal) + before.Length)..].TrimEnd('.').Split(between);

    private string? Complaint(JsonNode content)
    {
        File.WriteAllText(file, content.ToJsonString());
        try
        {
            new AgentSource(new AgentsOptions { File = file }, "/", "/", _ => "a-key").Load();
            return null;
        }
        catch (AgentConfigurationException exception)
        {
            return exception.Message;
        }
    }
}
