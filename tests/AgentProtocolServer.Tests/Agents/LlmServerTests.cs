using System.Text.Json;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>An agent that is a language model, from its description in a file to the client.</summary>
public sealed class LlmServerTests : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private OpenAiStub model = null!;
    private TestServer server = null!;

    public async ValueTask InitializeAsync()
    {
        model = await OpenAiStub.StartAsync();
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[]
            {
                new { id = "helper", kind = "llm", instructions = "Be brief.", model = new { provider = "openai", baseUrl = model.BaseUrl, name = "stub-model-1" } },
            },
        }));
        server = await TestServer.StartAsync($"--Agents:File={file}", "--Agents:Default=helper", "--Runs:RetryDelay=00:00:00.05");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await model.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task An_answer_is_streamed_word_by_word_and_ends_in_the_values()
    {
        model.Enqueue(OpenAiReply.Saying("Good ", "day", "."));
        var events = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("hello"), stream_mode = new[] { "messages-tuple", "values" } });
        Assert.Equal(["Good ", "day", "."], events.Where(item => item.Name == "messages").Select(item => item.Data[0].Text("content")));
        Assert.Equal(["human: hello", "ai: Good day."], events[^1].Data.Conversation());
        Assert.Equal("values", events[^1].Name);

        var usage = (await server.Client.GetJsonAsync($"/runs/{events[0].Data.Text("run_id")}")).GetProperty("usage");
        Assert.Equal((11, 7), (usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32()));
        var sent = Assert.Single(model.Requests).Body.GetProperty("messages");
        Assert.Equal(["system: Be brief.", "user: hello"], sent.EnumerateArray().Select(message => $"{message.Text("role")}: {message.Text("content")}"));
    }

    [Fact]
    public async Task A_model_that_stumbles_in_its_answer_is_asked_again()
    {
        // Before the first word the client would ask again by itself, and no attempt of the run would be spent.
        model.Enqueue(OpenAiReply.Chunks(OpenAiReply.Piece("No"), OpenAiReply.Error("out of memory")));
        model.Enqueue(OpenAiReply.Saying("Now."));
        var events = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("hello") });
        Assert.Equal([1, 2], events.Where(item => item.Name == "metadata").Select(item => item.Data.GetProperty("attempt").GetInt32()));
        Assert.Equal(["human: hello", "ai: Now."], events[^1].Data.Conversation());
        Assert.Equal(2, model.Requests.Count);
    }

    [Fact]
    public async Task A_model_that_refuses_the_key_ends_the_run()
    {
        model.Enqueue(OpenAiReply.Refusing(401, "wrong key"));
        var run = (await server.Client.PostAsync("/runs/wait", new { input = Protocol.Say("hello") }).OkAsync()).GetProperty("run");
        Assert.Equal("error", run.Text("status"));
        Assert.Contains("401", run.Text("error"), StringComparison.Ordinal);
        Assert.Single(model.Requests);
    }
}
