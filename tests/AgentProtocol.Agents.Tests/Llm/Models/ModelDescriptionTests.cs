using AgentProtocol.Testing.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm.Models;

public class ModelDescriptionTests
{
    private const string Local = """{"provider":"openai","baseUrl":"http://x/v1","name":"m",""";
    private const string Claude = """{"provider":"anthropic","apiKeyEnv":"KEY","name":"m",""";
    private const string Azure = """{"provider":"azure","apiKeyEnv":"KEY","name":"m",""";

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { Local + """ "parameters":7}""", "$.model.parameters", "must be an object" },
        { Local + """ "parameters":{"temprature":1}}""", "$.model.parameters.temprature", "no such member" },
        { Local + """ "parameters":{"temperature":"hot"}}""", "$.model.parameters.temperature", "a number from 0 to 2" },
        { Local + """ "parameters":{"temperature":2.1}}""", "$.model.parameters.temperature", "a number from 0 to 2" },
        { Local + """ "parameters":{"topP":-1}}""", "$.model.parameters.topP", "a number from 0 to 1" },
        { Local + """ "parameters":{"maxOutputTokens":0}}""", "$.model.parameters.maxOutputTokens", "a whole number from 1" },
        { Local + """ "parameters":{"maxOutputTokens":1.5}}""", "$.model.parameters.maxOutputTokens", "a whole number from 1" },
        { Local + """ "parameters":{"stop":"x"}}""", "$.model.parameters.stop", "must be a list" },
        { Local + """ "parameters":{"stop":["a",""]}}""", "$.model.parameters.stop[1]", "not empty" },
        { Local + """ "parameters":{"seed":1e30}}""", "$.model.parameters.seed", "a whole number" },
        { Local + """ "parameters":{"reasoningEffort":"much"}}""", "$.model.parameters.reasoningEffort", "none, low, medium, high, xhigh" },
        { Local + """ "parameters":{"parallelToolCalls":"no"}}""", "$.model.parameters.parallelToolCalls", "true or false" },
        { Local + """ "timeoutSeconds":0}""", "$.model.timeoutSeconds", "a number from 1 to 86400" },
        { Local + """ "apiVersion":"2024-10-21"}""", "$.model.apiVersion", "only the provider \"azure\"" },
        { Azure + """ "apiVersion":"2024-10-21"}""", "$.model", "\"baseUrl\" is missing" },
        { Azure + """ "baseUrl":"https://x","apiVersion":"v1&x=y"}""", "$.model.apiVersion", "a version of Azure's API" },
        { """{"provider":"azure","baseUrl":"https://x","name":"m"}""", "$.model", "\"apiKeyEnv\" is missing" },
        { """{"provider":"anthropic","name":"m"}""", "$.model", "\"apiKeyEnv\" is missing" },
        { Claude + """ "baseUrl":"https://x/v1/"}""", "$.model.baseUrl", "leave \"/v1\" away" },
        { Claude + """ "parameters":{"temperature":1}}""", "$.model.parameters.temperature", "no such parameter" },
        { Claude + """ "parameters":{"seed":1}}""", "$.model.parameters.seed", "no such parameter" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistake_is_named_with_its_place(string json, string path, string hint)
    {
        var refusal = Assert.Throws<AgentConfigurationException>(() => ChatModel.Create(json));

        Assert.Contains($"{path}: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(hint, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_hold_where_a_call_wants_nothing_else()
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Saying("ok"), OpenAiReply.Saying("ok"));
        using var model = ChatModel.Of(
            stub, ""","parameters":{"temperature":0.5,"topP":0.25,"maxOutputTokens":77,"stop":["\n"],"seed":3,"reasoningEffort":"low"}""");

        await model.AskAsync();
        await model.AskAsync(new ChatOptions { Temperature = 1, StopSequences = [] });

        var (first, second) = (stub.Requests[0].Body, stub.Requests[1].Body);
        Assert.Equal((0.5, 0.25), (first.GetProperty("temperature").GetDouble(), first.GetProperty("top_p").GetDouble()));
        Assert.Equal((77, 3), (first.GetProperty("max_tokens").GetInt32(), first.GetProperty("seed").GetInt32()));
        Assert.Equal("low", first.GetProperty("reasoning_effort").GetString());
        ChatModel.AssertJson("""["\n"]""", first.GetProperty("stop"));
        Assert.Equal((1, 77), (second.GetProperty("temperature").GetDouble(), second.GetProperty("max_tokens").GetInt32()));
        Assert.False(second.TryGetProperty("stop", out _));
    }

    [Theory]
    [InlineData("", null, "/openai/v1/chat/completions")]
    [InlineData("/openai/v1/", null, "/openai/v1/chat/completions")]
    [InlineData("", "2024-10-21", "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21")]
    public async Task Azure_gets_its_paths_and_the_key_in_its_header(string path, string? version, string called)
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Saying("ok"));
        var more = version is null ? "" : $""","apiVersion":"{version}" """;
        using var model = ChatModel.Create(
            $$"""{"provider":"azure","baseUrl":"{{stub.Origin + path}}","name":"my-gpt","apiKeyEnv":"KEY","parameters":{"maxOutputTokens":77}{{more}}}""");

        Assert.Equal("ok", (await model.AskAsync()).Text());

        var request = Assert.Single(stub.Requests);
        Assert.Equal((called, ChatModel.Key, ""), (request.Path, request.Headers["api-key"], request.Authorization));
        Assert.Equal(("my-gpt", 77), (request.Model, request.Body.GetProperty("max_completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task One_stub_answers_many_runs_by_a_rule()
    {
        await using var stub = await OpenAiStub.StartAsync(request =>
            request.CountOf("assistant") == 0 ? OpenAiReply.Calling(("c1", "next", "{}")) : OpenAiReply.Saying("done"));
        using var model = ChatModel.Of(stub);

        var first = await model.AskAsync();
        var second = await model.AskAsync([new ChatMessage(ChatRole.User, "go"), new ChatMessage(ChatRole.Assistant, "one"), new ChatMessage(ChatRole.User, "on")]);

        Assert.Equal(("next", "done"), (Assert.Single(first.Calls()).Name, second.Text()));
        Assert.True(stub.Requests[1].Mentions("one"));
    }
}
