using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Agents and the server itself over HTTP (wire-contract 8.3, 11.1).</summary>
public sealed class AgentTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task Trap_51_an_agent_is_known_by_its_id_and_its_assistant_id()
    {
        var agent = await client.GetJsonAsync("/agents/echo");
        Assert.Equal(["agent_id", "name", "description", "metadata", "capabilities"], agent.Members());
        Assert.True(agent.GetProperty("capabilities").GetProperty("ap.io.messages").GetBoolean());
        Assert.True(agent.GetProperty("capabilities").GetProperty("ap.io.streaming").GetBoolean());
        Assert.Equal(agent.GetRawText(), (await client.GetJsonAsync($"/agents/{Protocol.EchoAssistant}")).GetRawText());
        await client.SendAsync(HttpMethod.Get, "/agents/nobody").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Trap_52_agents_are_found_by_a_part_of_their_name_and_their_metadata()
    {
        foreach (var body in new object[] { new { }, new { name = "ECH" }, new { metadata = new { created_by = "system" } } })
        {
            using var response = await client.PostAsync("/agents/search", body);
            Assert.NotEqual("0", response.Header("X-Pagination-Total"));
            Assert.Contains("echo", (await response.JsonAsync()).EnumerateArray().Select(agent => agent.Text("agent_id")));
        }

        Assert.Equal("[]", (await client.PostAsync("/agents/search", new { name = "nobody" }).OkAsync()).GetRawText());
        var error = await client.PostAsync("/agents/search", new { limit = 0 }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.limit"], error.Locations());
    }

    [Fact]
    public async Task An_agent_says_what_it_takes_and_answers()
    {
        var schemas = await client.GetJsonAsync("/agents/echo/schemas");
        Assert.Equal(["agent_id", "input_schema", "output_schema", "state_schema"], schemas.Members());
        Assert.Equal("echo", schemas.Text("agent_id"));
        Assert.Equal("messages", schemas.GetProperty("input_schema").GetProperty("properties").GetProperty("messages").Text("langgraph_type"));
        Assert.Equal(schemas.GetRawText(), (await client.GetJsonAsync($"/agents/{Protocol.EchoAssistant}/schemas")).GetRawText());
    }

    [Fact]
    public async Task An_assistant_that_somebody_created_is_an_agent_too_by_its_uuid()
    {
        var name = $"agent {Guid.NewGuid()}";
        var assistant = await client.PostAsync("/assistants", new { graph_id = "echo", name, metadata = new { team = "red" } }).OkAsync();
        var id = assistant.Text("assistant_id");

        var agent = await client.GetJsonAsync($"/agents/{id}");
        Assert.Equal(["agent_id", "name", "metadata", "capabilities"], agent.Members());
        Assert.Equal((id, name, """{"team":"red"}"""), (agent.Text("agent_id"), agent.Text("name"), agent.GetProperty("metadata").GetRawText()));
        var found = await client.PostAsync("/agents/search", new { name = name.ToUpperInvariant(), metadata = new { team = "red" } }).OkAsync();
        Assert.Equal(agent.GetRawText(), Assert.Single(found.EnumerateArray()).GetRawText());
        Assert.Equal(id, (await client.PostAsync("/runs", new { agent_id = id, input = Protocol.Say("hello") }).OkAsync()).Text("agent_id"));
        await client.SendAsync(HttpMethod.Delete, $"/assistants/{id}").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    [Proves("GET /ok")]
    [Proves("GET /info")]
    public async Task The_server_says_that_it_is_well_and_what_it_is()
    {
        Assert.Equal("""{"ok":true}""", (await client.GetJsonAsync("/ok")).GetRawText());
        Assert.Equal("""{"ok":true}""", (await client.GetJsonAsync("/ok?check_db=1")).GetRawText());
        var info = await client.GetJsonAsync("/info");
        Assert.Equal(JsonValueKind.Null, info.GetProperty("langgraph_py_version").ValueKind);
        Assert.Equal("dotnet", info.Text("context"));
        Assert.All(["assistants", "crons"], flag => Assert.True(info.GetProperty("flags").GetProperty(flag).GetBoolean()));
        Assert.False(info.GetProperty("flags").GetProperty("langsmith").GetBoolean());
        foreach (var probe in new[] { "/health", "/health/live", "/health/ready", "/live", "/ready" })
        {
            Assert.Equal("healthy", (await client.GetJsonAsync(probe)).Text("status"));
        }
    }

    [Fact]
    public async Task A_request_id_is_on_every_answer()
    {
        foreach (var path in new[] { "/ok", "/info", "/agents/echo", "/agents/nobody", "/nowhere", "/health", "/openapi.json" })
        {
            using var response = await client.SendAsync(HttpMethod.Get, path);
            Assert.NotEqual("", response.Header("x-request-id"));
        }
    }

    [Fact]
    public async Task What_is_not_there_is_refused_in_the_same_shape()
    {
        await client.SendAsync(HttpMethod.Get, "/nowhere").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Put, "/threads").RefusedAsync(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
        await client.PostAsync("/threads", new { metadata = new { large = new string('x', 9 << 20) } }).RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "payload_too_large");
    }

    [Fact]
    public async Task The_schema_of_the_agents_file_is_there_for_editors()
    {
        using var response = await client.SendAsync(HttpMethod.Get, "/agents.schema.json");
        Assert.Equal((HttpStatusCode.OK, "application/schema+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.True((await response.JsonAsync()).GetProperty("properties").TryGetProperty("agents", out _));
    }

    [Fact]
    public async Task The_root_leads_to_swagger()
    {
        using var response = await client.SendAsync(HttpMethod.Get, "/");
        Assert.Equal((HttpStatusCode.Redirect, "/swagger"), (response.StatusCode, response.Headers.Location?.ToString()));
        using var page = await client.SendAsync(HttpMethod.Get, "/swagger/index.html");
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
    }
}
