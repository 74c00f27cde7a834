using System.Text.RegularExpressions;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Clients;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Docs;

/// <summary>The agents that docs/agents.md shows in its section about language models work as they stand, but for the places of others.</summary>
public sealed partial class LlmDocumentTests
{
    [Fact]
    public async Task Agent_of_the_document_calls_its_tools()
    {
        await NodeClients.InstalledAsync();
        await using var model = await OpenAiStub.StartAsync(
            OpenAiReply.Calling(("c1", "add", """{"a":1,"b":2}"""), ("c2", "store_put", """{"key":"sum","value":{"is":3}}"""), ("c3", "find_order", "{}")),
            OpenAiReply.Calling(("c4", "refund", """{"number":"7","amount":3}""")),
            OpenAiReply.Saying("Paid back."));
        var file = Path.GetTempFileName();
        Environment.SetEnvironmentVariable("SHOP_KEY", "a-key");
        try
        {
            await File.WriteAllTextAsync(file, Example().Replace("http://localhost:11434/v1", model.BaseUrl, StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await using var server = await TestServer.StartAsync($"--Agents:File={file}");
            var thread = await server.Client.NewThreadAsync();

            var asked = await server.Client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "clerk", input = Protocol.Say("go") }).OkAsync();
            Assert.Equal("refund", asked.GetProperty("__interrupt__")[0].GetProperty("value").GetProperty("action_requests")[0].Text("name"));
            var done = await server.Client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "clerk", command = new { resume = false } }).OkAsync();

            Assert.Equal(["tool: 3", "tool: Remembered under \"sum\".", "tool: The argument \"number\" is missing."], done.Conversation()[2..5]);
            Assert.Equal(["tool: A person has rejected this call.", "ai: Paid back."], done.Conversation()[6..]);
            var offered = model.Requests[0].Body.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("function").Text("name"));
            Assert.Equal(["find_order", "refund", "store_put", "store_get", "store_search", "store_delete", "ask_echo", "add", "environment", "header", "fail", "exit"], offered);
        }
        finally
        {
            Environment.SetEnvironmentVariable("SHOP_KEY", null);
            File.Delete(file);
        }
    }

    /// <summary>With a program that is installed in the place of one that would be fetched.</summary>
    private static string Example()
    {
        var section = Section().Match(File.ReadAllText(Checkout.PathOf("docs/agents.md"))).Value;
        var script = Path.Combine(NodeClients.Folder, "mcp", "server.mjs").Replace('\\', '/');
        return Block().Match(section).Groups["json"].Value
            .Replace("\"npx\"", "\"node\"", StringComparison.Ordinal)
            .Replace("\"-y\", \"@modelcontextprotocol/server-everything\"", $"\"{script}\"", StringComparison.Ordinal);
    }

    [GeneratedRegex("^## llm$.*?(?=^## )", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex("^```json\n(?<json>\\{\n  \"agents\".*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
