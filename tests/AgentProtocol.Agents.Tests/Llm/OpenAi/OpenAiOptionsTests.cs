using System.Text.Json;
using AgentProtocol.Agents.Llm.OpenAi;
using AgentProtocol.Agents.Tests.Llm.Models;
using AgentProtocol.Testing.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm.OpenAi;

public class OpenAiOptionsTests
{
    private const string Schema = """{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}""";

    private static readonly AIFunctionDeclaration Add = AIFunctionFactory.CreateDeclaration("add", "Adds.", JsonElement.Parse(Schema));

    [Fact]
    public async Task Nothing_is_sent_that_nobody_asked_for()
    {
        var body = await SentAsync(new ChatOptions { ToolMode = ChatToolMode.Auto, AllowMultipleToolCalls = true });

        Assert.Equal(
            ["messages", "model", "stream", "stream_options"], body.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.True(body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Fact]
    public async Task Parameters_reach_the_server_under_its_names()
    {
        var body = await SentAsync(new ChatOptions
        {
            Instructions = "Be brief.",
            Temperature = 0.5f,
            TopP = 0.25f,
            FrequencyPenalty = 1,
            PresencePenalty = -1,
            MaxOutputTokens = 77,
            Seed = 5_000_000_000,
            StopSequences = ["\n", "END"],
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh },
        });

        Assert.Equal((0.5, 0.25), (body.GetProperty("temperature").GetDouble(), body.GetProperty("top_p").GetDouble()));
        Assert.Equal((1, -1), (body.GetProperty("frequency_penalty").GetDouble(), body.GetProperty("presence_penalty").GetDouble()));
        Assert.Equal((77, 5_000_000_000), (body.GetProperty("max_tokens").GetInt32(), body.GetProperty("seed").GetInt64()));
        Assert.Equal("xhigh", body.GetProperty("reasoning_effort").GetString());
        ChatModel.AssertJson("""["\n","END"]""", body.GetProperty("stop"));
        Assert.False(body.TryGetProperty("max_completion_tokens", out _));
        ChatModel.AssertJson("""{"role":"system","content":"Be brief."}""", body.GetProperty("messages")[0]);
        Assert.True(body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Theory]
    [InlineData("https://api.openai.com/v1", true)]
    [InlineData("http://localhost:11434/v1", false)]
    public void Limit_of_the_answer_has_the_name_that_the_server_knows(string baseUrl, bool isNew)
    {
        OpenAiEndpoint endpoint = new(new Uri(baseUrl), "m", ApiKey: null);

        Assert.Equal(isNew ? 77 : null, OpenAiOptions.From(new ChatOptions { MaxOutputTokens = 77 }, endpoint).MaxOutputTokenCount);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("auto", "\"auto\"")]
    [InlineData("none", "\"none\"")]
    [InlineData("any", "\"required\"")]
    [InlineData("add", """{"type":"function","function":{"name":"add"}}""")]
    public async Task Tools_go_with_their_schemas_and_the_choice_among_them(string? mode, string? choice)
    {
        var body = await SentAsync(new ChatOptions
        {
            Tools = [Add],
            AllowMultipleToolCalls = false,
            ToolMode = mode switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "any" => ChatToolMode.RequireAny,
                { } name => ChatToolMode.RequireSpecific(name),
                null => null,
            },
        });

        ChatModel.AssertJson(
            $$$"""[{"type":"function","function":{"name":"add","description":"Adds.","parameters":{{{Schema}}}}}]""", body.GetProperty("tools"));
        Assert.False(body.GetProperty("parallel_tool_calls").GetBoolean());
        Assert.Equal(choice is not null, body.TryGetProperty("tool_choice", out var sent));
        if (choice is not null)
        {
            ChatModel.AssertJson(choice, sent);
        }
    }

    [Fact]
    public async Task Answer_may_be_asked_for_as_JSON()
    {
        var any = await SentAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        var text = await SentAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.Text });
        var schema = await SentAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(Schema), "sum") });

        ChatModel.AssertJson("""{"type":"json_object"}""", any.GetProperty("response_format"));
        ChatModel.AssertJson("""{"type":"text"}""", text.GetProperty("response_format"));
        ChatModel.AssertJson(
            $$$"""{"type":"json_schema","json_schema":{"name":"sum","schema":{{{Schema}}}}}""", schema.GetProperty("response_format"));
    }

    [Fact]
    public async Task Images_of_a_message_are_seen_by_the_model_in_every_form_that_clients_send()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"));

        await llm.Agent.EventsAsync(AgentRuns.On(
            """
            {"type":"human","content":[
              "look:",
              {"type":"image_url","image_url":{"url":"https://x.test/a.png"}},
              {"type":"image_url","image_url":"data:image/png;base64,iVBORw0KGgo="},
              {"type":"image","url":"https://x.test/b.png"},
              {"type":"image","source_type":"base64","data":"iVBORw0KGgo=","mime_type":"image/jpeg"},
              {"type":"image","base64":"iVBORw0KGgo=","mime_type":"image/gif"},
              {"type":"image","source":{"type":"base64","media_type":"image/webp","data":"iVBORw0KGgo="}},
              {"type":"image","source":{"type":"url","url":"https://x.test/c.png"}},
              {"type":"audio","data":"x"}
            ]}
            """));

        var content = Assert.Single(llm.Stub.Requests).Body.GetProperty("messages")[0].GetProperty("content");
        Assert.Equal("look:", content[0].GetProperty("text").GetString());
        Assert.Equal(
            [
                "https://x.test/a.png", "data:image/png;base64,iVBORw0KGgo=", "https://x.test/b.png", "data:image/jpeg;base64,iVBORw0KGgo=",
                "data:image/gif;base64,iVBORw0KGgo=", "data:image/webp;base64,iVBORw0KGgo=", "https://x.test/c.png",
            ],
            content.EnumerateArray().Skip(1).Select(part => part.GetProperty("image_url").GetProperty("url").GetString()));
    }

    [Theory]
    [InlineData("ftp://x.test/a.png")]
    [InlineData("data:image/png;base64,***")]
    [InlineData("data:nothing")]
    public async Task Image_that_cannot_be_read_ends_the_run_and_says_so(string url)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Saying("ok"));

        var failure = await Assert.ThrowsAsync<AgentException>(() => llm.Agent.EventsAsync(
            AgentRuns.On($$$"""{"type":"human","content":[{"type":"image_url","image_url":{"url":"{{{url}}}"}}]}""")));

        Assert.StartsWith("An image of a message cannot be read: ", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }

    private static async Task<JsonElement> SentAsync(ChatOptions options)
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Saying("ok"));
        using var model = ChatModel.Of(stub);
        await model.AskAsync(options);
        return Assert.Single(stub.Requests).Body;
    }
}
