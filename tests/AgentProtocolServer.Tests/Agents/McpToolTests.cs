using System.Diagnostics;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Testing.Agents;
using AgentProtocolServer.Tests.Clients;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>A real server of the Model Context Protocol, made with the package from npm, gives its tools to an agent.</summary>
public sealed class McpToolTests : IAsyncLifetime
{
    private static readonly string Script = Path.Combine(NodeClients.Folder, "mcp", "server.mjs");

    private readonly ScriptedChat model = new();
    private readonly AgentConnections connections = new(TimeProvider.System);

    public async ValueTask InitializeAsync() => await NodeClients.InstalledAsync();

    public ValueTask DisposeAsync()
    {
        model.Dispose();
        return connections.DisposeAsync();
    }

    [Fact]
    public async Task Program_is_spoken_with_by_its_standard_streams_and_sees_only_the_variables_that_are_named()
    {
        model.Answers(
                ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""),
                ScriptedChat.Call("c2", "environment", """{"name":"GIVEN"}"""),
                ScriptedChat.Call("c3", "environment", """{"name":"DOTNET_HOST_PATH"}"""),
                ScriptedChat.Call("c4", "environment", """{"name":"KEPT"}"""),
                ScriptedChat.Call("c5", "fail", "{}"))
            .Says("ok");
        await using var server = await StartAsync($$"""{"command":"node","args":[{{JsonSerializer.Serialize(Script)}}],"env":["GIVEN"]}""");

        var values = await server.Client.PostAsync("/runs/wait", new { assistant_id = "helper", input = Protocol.Say("go") }).OkAsync();

        Assert.Equal(["tool: 3", "tool: a value", "tool: (not set)", "tool: (not set)", "tool: Out of order.", "ai: ok"], values.Conversation()[2..]);
        Assert.Equal(["add", "environment", "header", "fail", "exit"], model.Calls[0].Options!.Tools!.Select(tool => tool.Name));
    }

    [Fact]
    public async Task Program_that_dies_is_a_tool_that_fails_and_is_started_again()
    {
        model.CallsTool("c1", "exit", "{}").CallsTool("c2", "add", """{"a":1,"b":2}""").Says("ok");
        await using var server = await StartAsync($$"""{"command":"node","args":[{{JsonSerializer.Serialize(Script)}}]}""");

        var values = await server.Client.PostAsync("/runs/wait", new { assistant_id = "helper", input = Protocol.Say("go") }).OkAsync();

        var messages = values.GetProperty("messages");
        Assert.Equal("error", messages[2].Text("status"));
        Assert.Equal(("success", "3"), (messages[4].Text("status"), messages[4].Text("content")));
    }

    [Fact]
    public async Task Server_is_spoken_with_over_streamable_http_with_the_headers_of_its_description()
    {
        model.Answers(
                ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""),
                ScriptedChat.Call("c2", "header", """{"name":"x-api-key"}"""),
                ScriptedChat.Call("c3", "add", """{"a":"one"}"""))
            .Says("ok");
        using var program = Process.Start(new ProcessStartInfo("node", [Script, "http"]) { RedirectStandardOutput = true })!;
        try
        {
            var url = await program.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            await using var server = await StartAsync($$$"""{"url":"{{{url}}}","headers":{"X-Api-Key":"{env:GIVEN}"}}""");

            var values = await server.Client.PostAsync("/runs/wait", new { assistant_id = "helper", input = Protocol.Say("go") }).OkAsync();

            var messages = values.GetProperty("messages");
            Assert.Equal(("3", "a value"), (messages[2].Text("content"), messages[3].Text("content")));
            Assert.Equal("error", messages[4].Text("status"));
        }
        finally
        {
            program.Kill(entireProcessTree: true);
        }
    }

    private Task<TestServer> StartAsync(string mcp)
    {
        ConfigurationValues values = new(name => name == "GIVEN" ? "a value" : null, TimeProvider.System, connections);
        ConfigurationNode description = new("agents.json", "$", JsonElement.Parse($$"""{"tools":[{"mcp":{{mcp}}}]}"""));
        return TestServer.StartAsync([LlmAgents.Create("helper", model, new LlmAgentOptions(), ToolConfiguration.Read(description, values))], []);
    }
}
