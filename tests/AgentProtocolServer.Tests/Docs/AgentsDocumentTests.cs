using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentProtocol.Agents;
using AgentProtocol.Agents.Configuration;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.Http;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Docs;

/// <summary>The agents that docs/agents.md shows work as they stand, but for the places of others.</summary>
public sealed partial class AgentsDocumentTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("agents-").FullName;

    /// <summary>The models that the section about them shows.</summary>
    public static TheoryData<string> Models => [.. ModelExample().Matches(Section("Models")).Select(match => match.Groups["json"].Value)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Programs_of_the_document_are_started_beside_the_file()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The program is a script for a shell of Unix.");
            return;
        }

        File.Copy(Checkout.PathOf("samples/agents/researcher.py"), Path.Combine(folder, "researcher.py"));
        var cli = Path.Combine(folder, "some-coding-cli");
        await File.WriteAllTextAsync(cli, "#!/bin/sh\nprintf '%s %s' \"$1\" \"$SOME_API_KEY\" > given; cat", Token);
        File.SetUnixFileMode(cli, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var server = await TestServer.StartAsync(Load(Example("process").Replace("some-coding-cli", "./some-coding-cli", StringComparison.Ordinal)), []);
        var thread = await server.Client.NewThreadAsync();

        Assert.Equal("ai: hello", await AnswerAsync(server.Client, "coder", "hello", thread));
        Assert.Equal("--print CODER_KEY-1", await File.ReadAllTextAsync(Path.Combine(folder, "work", thread, "given"), Token));
        Assert.Equal("ai: apples has 6 letters", await AnswerAsync(server.Client, "researcher", "apples"));
    }

    [Fact]
    public async Task Service_of_the_document_is_asked_with_its_key_and_told_of_a_cancel()
    {
        await using var service = await HttpStub.StartAsync((request, context) =>
            request.Path == "/run" && request.Body.GetProperty("messages").GetRawText().Contains("wait", StringComparison.Ordinal)
                ? context.UntilLeftAsync()
                : context.AnswerAsync(200, "text/plain", "Reported."));
        await using var server = await TestServer.StartAsync(Load(Example("http").Replace("http://localhost:9000/", service.Url.ToString(), StringComparison.Ordinal)), []);

        Assert.Equal("ai: Reported.", await AnswerAsync(server.Client, "reporter", "hello"));
        Assert.Equal(("/run", "Bearer REPORTER_TOKEN-1"), (service.Requests[0].Path, service.Requests[0].Headers["Authorization"]));

        var thread = await server.Client.NewThreadAsync();
        var run = (await server.Client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "reporter", input = Protocol.Say("wait") }).OkAsync()).Text("run_id");
        await Until.TrueAsync(() => Task.FromResult(service.Requests.Count == 2), Token);
        await server.Client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=true").EmptyAsync(System.Net.HttpStatusCode.NoContent);
        var told = service.Requests[2];
        Assert.Equal(("/cancel", run), (told.Path, told.Body.Text("run_id")));
    }

    [Fact]
    public async Task Agent_elsewhere_of_the_document_is_asked_with_its_key()
    {
        await using var far = await TestServer.StartAsync([SteerableAgent.Define() with { Id = "agent" }], []);
        var key = (await far.ClientOfAsync("analyst")).DefaultRequestHeaders.GetValues("x-api-key").Single();
        await using var server = await TestServer.StartAsync(
            Load(Example("remote").Replace("https://analysts.example.com", far.Client.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal), name => name == "ANALYSTS_KEY" ? key : null), []);

        Assert.StartsWith("ai: ", await AnswerAsync(server.Client, "analyst", "hello"), StringComparison.Ordinal);
    }

    [Fact]
    public void Models_of_all_providers_are_shown() =>
        Assert.Equal(["anthropic", "azure", "openai"], Models.Select(example => (string)JsonNode.Parse(example.Data)!["provider"]!).Distinct().Order());

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Model_of_the_document_is_asked_with_its_key(string example)
    {
        var model = JsonNode.Parse(example)!;
        var provider = (string)model["provider"]!;
        await using ModelStub stub = provider == "anthropic" ? await AnthropicStub.StartAsync(AnthropicReply.Saying("Good day.")) : await OpenAiStub.StartAsync(OpenAiReply.Saying("Good day."));
        model["baseUrl"] = provider == "openai" ? stub.Origin + "/v1" : stub.Origin;
        await using var server = await TestServer.StartAsync(Load(new JsonObject
        {
            ["agents"] = new JsonArray(new JsonObject { ["id"] = "helper", ["kind"] = "llm", ["model"] = model.DeepClone() }),
        }.ToJsonString()), []);

        Assert.Equal("ai: Good day.", await AnswerAsync(server.Client, "helper", "hello"));
        var request = Assert.Single(stub.Requests);
        var sent = provider == "azure" ? request.Headers["api-key"] : request.Authorization;
        Assert.Equal((string)model["name"]!, request.Model);
        Assert.Equal(model["apiKeyEnv"] is { } variable ? $"{variable}-1" : "none", sent.Replace("Bearer ", "", StringComparison.Ordinal));
    }

    private static async Task<string> AnswerAsync(HttpClient client, string agent, string text, string? thread = null) =>
        (await client.PostAsync(thread is null ? "/runs/wait" : $"/threads/{thread}/runs/wait", new { assistant_id = agent, input = Protocol.Say(text) }).OkAsync()).Conversation()[^1];

    private static string Example(string section) => Block().Match(Section(section)).Groups["json"].Value;

    private static string Section(string heading) => Regex.Match(
        File.ReadAllText(Checkout.PathOf("docs/agents.md")), $"^## {heading}$.*?(?=^## )", RegexOptions.Multiline | RegexOptions.Singleline).Value;

    /// <summary>The agents of a text. Each variable of the environment has its own name as a value, with something behind it.</summary>
    private IReadOnlyList<AgentDefinition> Load(string json, Func<string, string?>? environment = null)
    {
        var file = Path.Combine(folder, "agents.json");
        File.WriteAllText(file, json);
        return new AgentSource(new AgentsOptions { File = file, Echo = false }, folder, folder, environment ?? (name => name + "-1")).Load();
    }

    [GeneratedRegex("^```json\n(?<json>\\{\n  \"agents\".*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`(?<json>\\{ \"provider\".*?\\})`")]
    private static partial Regex ModelExample();
}
