using System.Text.Json;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Http;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>Unmodified npm clients steer a language model while it waits for a tool.</summary>
public sealed class SteeringScenarioTests : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private readonly SemaphoreSlim called = new(0);
    private readonly SemaphoreSlim released = new(0);
    private OpenAiStub model = null!;
    private HttpStub lookUp = null!;
    private TestServer server = null!;

    public async ValueTask InitializeAsync()
    {
        model = await OpenAiStub.StartAsync(Reply);
        lookUp = await HttpStub.StartAsync(AnswerAsync);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[]
            {
                new
                {
                    id = "researcher",
                    kind = "llm",
                    onSteer = "steer",
                    model = new { provider = "openai", baseUrl = model.BaseUrl, name = "stub-model-1" },
                    tools = new[] { new { http = new { name = "look_up", description = "Looks something up", url = $"{lookUp.Url}look_up/{{topic}}" } } },
                },
            },
        }));
        server = await TestServer.StartAsync($"--Agents:File={file}", "--Agents:Default=researcher");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await lookUp.DisposeAsync();
        await model.DisposeAsync();
        File.Delete(file);
        called.Dispose();
        released.Dispose();
    }

    [Fact]
    public async Task A_steered_model_repeats_nothing_that_was_finished_and_follows_the_new_order()
    {
        var (exitCode, output) = await NodeClients.RunAsync("scenarios/llm/deep-agents-steering.mjs", new Dictionary<string, string>
        {
            ["AGENT_PROTOCOL_URL"] = server.Client.BaseAddress!.ToString().TrimEnd('/'),
            ["LOOK_UP_URL"] = lookUp.Url.ToString().TrimEnd('/'),
        });

        Assert.True(exitCode == 0, output);
        string[] question = ["user: Which river is the longest?"];
        string[] found = [.. question, "assistant: look_up", "tool: The Loire, 1006 km."];
        Assert.Equal(
            [question, [.. found, "user: Answer in French"], question, [.. found, "user: And how long is it?"]],
            model.Requests.Select(request => request.Messages.Select(Shown)));
        Assert.Equal(2, lookUp.Requests.Count(request => request.Path == "/look_up/rivers"));
    }

    /// <summary>A model that looks things up before it answers all that it was asked.</summary>
    private static OpenAiReply Reply(ChatRequest request)
    {
        if (request.CountOf("tool") == 0)
        {
            return OpenAiReply.Calling(("c1", "look_up", """{"topic":"rivers"}"""));
        }

        var river = request.Mentions("in French") ? "C'est la Loire." : "It is the Loire.";
        return request.Mentions("how long") ? OpenAiReply.Saying(river, " It is 1006 km long.") : OpenAiReply.Saying(river);
    }

    private static string Shown(JsonElement message) =>
        $"{message.Text("role")}: {(message.TryGetProperty("tool_calls", out var calls) ? calls[0].GetProperty("function").Text("name") : message.Text("content"))}";

    /// <summary>The tool, and what the scenario tells it.</summary>
    private async Task AnswerAsync(HttpStubRequest request, HttpContext context)
    {
        switch (request.Path)
        {
            case "/called":
                await called.WaitAsync(context.RequestAborted);
                break;
            case "/release":
                // An acknowledgement is about rows; that the execution has heard of it as well no client can see.
                await Until.TrueAsync(() => Task.FromResult(server.Services.GetRequiredService<RunningRuns>().All.Any(HasHeard)), context.RequestAborted);
                released.Release();
                break;
            default:
                called.Release();
                await released.WaitAsync(context.RequestAborted);
                break;
        }

        await context.AnswerAsync(200, "text/plain", "The Loire, 1006 km.");
    }

    private static bool HasHeard(RunningRun run) => run.IsToStopAtCheckpoint || run.Updates.HasUntaken;
}
