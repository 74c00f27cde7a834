using System.Text.Json;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Testing.Agents;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

/// <summary>The long-term store and other agents as tools.</summary>
public class BuiltInToolTests
{
    private readonly ScriptedChat model = new();
    private readonly AgentThread thread = AgentThread.Asking("go");

    [Fact]
    public async Task Store_remembers_recalls_lists_and_forgets_within_its_namespace()
    {
        TestStore store = new();
        model.CallsTool("c1", "store_put", """{"key":"ann","value":{"likes":"tea"}}""")
            .Answers(ScriptedChat.Call("c2", "store_get", """{"key":"ann"}"""), ScriptedChat.Call("c3", "store_search", """{"filter":{"likes":"tea"},"limit":5}"""))
            .CallsTool("c4", "store_delete", """{"key":"ann"}""")
            .CallsTool("c5", "store_get", """{"key":"ann"}""")
            .Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, [.. new StoreTools(["memories", "people"]).All]), run => run with { Store = store });

        Assert.Equal(
            [
                "tool c1 success: Remembered under \"ann\".", """tool c2 success: {"likes":"tea"}""", """tool c3 success: ann: {"likes":"tea"}""",
                "tool c4 success: Forgotten: \"ann\".", "tool c5 success: Nothing is remembered under \"ann\".",
            ],
            thread.Lines.Where(line => line.StartsWith("tool", StringComparison.Ordinal)));
        Assert.Equal(["put memories/people ann", "delete memories/people ann"], store.Writes);
        Assert.Equal((5, """{"likes":"tea"}"""), (store.Searched!.Limit, store.Searched.Filter!.Value.GetRawText()));
    }

    [Theory]
    [InlineData("store_put", """{"key":"ann","value":"tea"}""", "The argument \"value\" must be an object.")]
    [InlineData("store_get", "{}", "The argument \"key\" must be a text.")]
    public async Task Store_says_what_is_wrong_with_a_call(string tool, string arguments, string reason)
    {
        model.CallsTool("c1", tool, arguments).Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, [.. new StoreTools(["memories"]).All]), run => run with { Store = new TestStore() });

        Assert.Equal($"tool c1 error: {reason}", thread.Lines[2]);
    }

    [Fact]
    public async Task Other_agent_is_a_child_run_under_the_id_of_the_call_and_answers_with_its_last_words()
    {
        TestChildren children = new("success", null, """{"type":"ai","id":"x","content":"It rains."}""", """{"type":"tool","id":"y","tool_call_id":"z","content":"more"}""");
        model.CallsTool("c1", "weather_bot", """{"task":"Weather in Rome?"}""").Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, AgentTool.For("weather.bot", "weather_bot", "Knows the weather")), run => run with { Children = children });

        Assert.Equal("tool c1 success: It rains.", thread.Lines[2]);
        Assert.Equal(("weather.bot", "c1", """{"messages":[{"role":"user","content":"Weather in Rome?"}]}"""), (children.Asked!.AgentId, children.Asked.Key, children.Asked.Input.GetRawText()));
    }

    [Fact]
    public async Task Other_agent_that_fails_is_a_tool_that_fails()
    {
        model.CallsTool("c1", "bot", """{"task":"x"}""").Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, AgentTool.For("bot", "bot", "Fails")), run => run with { Children = new TestChildren("error", "out of ideas") });

        Assert.Equal(["tool c1 error: The agent bot ended with error: out of ideas.", "ai: ok"], thread.Lines[2..]);
    }

    private sealed class TestChildren(string status, string? error, params string[] messages) : IAgentChildren
    {
        public ChildRun? Asked { get; private set; }

        public Task<ChildResult> RunAsync(ChildRun child, CancellationToken cancellationToken)
        {
            Asked = child;
            AgentState state = new([.. messages.Select(message => JsonElement.Parse(message))], new Dictionary<string, JsonElement>());
            return Task.FromResult(new ChildResult(Guid.NewGuid(), Guid.NewGuid(), status, error, state));
        }
    }

    private sealed class TestStore : IAgentStore
    {
        private readonly Dictionary<string, JsonElement> items = [];

        public List<string> Writes { get; } = [];

        public StoreSearchRequest? Searched { get; private set; }

        public Task<Item?> GetAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken) =>
            Task.FromResult(items.TryGetValue(key, out var value) ? ToItem(labels, key, value) : null);

        public Task PutAsync(StorePutRequest item, CancellationToken cancellationToken)
        {
            Writes.Add($"put {string.Join('/', item.Namespace!)} {item.Key}");
            items[item.Key!] = item.Value!.Value;
            return Task.CompletedTask;
        }

        public Task DeleteAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken)
        {
            Writes.Add($"delete {string.Join('/', labels)} {key}");
            items.Remove(key);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<Item>> SearchAsync(StoreSearchRequest search, CancellationToken cancellationToken)
        {
            Searched = search;
            return Task.FromResult<IReadOnlyList<Item>>([.. items.Select(item => ToItem(search.NamespacePrefix!, item.Key, item.Value)!)]);
        }

        public Task<IReadOnlyList<IReadOnlyList<string>>> ListNamespacesAsync(StoreListNamespacesRequest list, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        private static Item? ToItem(IReadOnlyList<string> labels, string key, JsonElement value) => new()
        {
            Namespace = labels,
            Key = key,
            Value = RawJson.From(value),
            CreatedAt = DateTime.UnixEpoch,
            UpdatedAt = DateTime.UnixEpoch,
        };
    }
}
