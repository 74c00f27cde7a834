using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>An agent of ten rounds of tools whose server is killed with <c>kill -9</c> while the model is asked.</summary>
public sealed class LlmCrashTests : IAsyncLifetime
{
    private const int Rounds = 10;

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private readonly ServerProcesses servers = new();
    private OpenAiStub model = null!;
    private int hangsAt;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>How often the model was asked, by the number of tool results that it was shown.</summary>
    private int[] CallsByRound =>
        [.. Enumerable.Range(0, Rounds + 1).Select(round => model.Requests.Count(request => request.CountOf("tool") == round))];

    public async ValueTask InitializeAsync()
    {
        model = await OpenAiStub.StartAsync(Reply);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[]
            {
                new
                {
                    id = "clerk",
                    kind = "llm",
                    model = new { provider = "openai", baseUrl = model.BaseUrl, name = "stub-model-1" },
                    tools = new[] { new { store = new { @namespace = new[] { "clerk" } } } },
                },
            },
        }), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await servers.DisposeAsync();
        await model.DisposeAsync();
        File.Delete(file);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(Rounds)]
    public async Task Run_goes_on_at_the_step_it_had_reached_and_no_finished_model_call_is_repeated(int round)
    {
        hangsAt = round;
        var first = await servers.ServeAsync($"--Agents:File={file}");
        var thread = await first.Client.NewThreadAsync();
        var run = (await first.Client.PostAsync(
            $"/threads/{thread}/runs", new { assistant_id = "clerk", input = Protocol.Say("keep the books") }).OkAsync()).Text("run_id");
        await Until.TrueAsync(() => Task.FromResult(CallsByRound[round] == 1), Token);
        await first.KillAsync();

        var second = await servers.ServeAsync($"--Agents:File={file}");
        var values = await second.Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");

        Assert.Equal([.. Enumerable.Range(0, Rounds + 1).Select(number => number == round ? 2 : 1)], CallsByRound);
        Assert.Equal("success", (await second.Client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
        var messages = values.GetProperty("messages");
        Assert.Equal(
            ["human", .. Enumerable.Repeat((string[])["ai", "tool"], Rounds).SelectMany(pair => pair), "ai"],
            messages.EnumerateArray().Select(message => message.Text("type")));
        Assert.Equal("The books are kept.", messages[(2 * Rounds) + 1].Text("content"));
    }

    /// <summary>One call of a tool after the other, then the answer; the model falls silent once, at the moment that the test is about.</summary>
    private OpenAiReply Reply(ChatRequest request)
    {
        var round = request.CountOf("tool");
        return round == hangsAt && CallsByRound[round] == 1 ? OpenAiReply.Endless()
            : round < Rounds ? OpenAiReply.Calling(($"call-{round}", "store_put", $$$"""{"key":"page-{{{round}}}","value":{"n":{{{round}}}}}"""))
            : OpenAiReply.Saying("The books ", "are kept.");
    }
}
