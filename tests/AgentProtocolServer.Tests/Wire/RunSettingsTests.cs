using System.Net;
using System.Text.Json;
using AgentProtocol.Engine.Streams;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>What requests and the operator may set around a run (wire-contract 4.1, 5.10, 12 rows 10 and 19).</summary>
public sealed class RunSettingsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly HttpClient client = fixture.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Headers_of_the_allow_list_become_settings_of_the_run()
    {
        const string Body = """{"assistant_id":"echo","config":{"tags":["t"],"configurable":{"n":1.0,"x-configurable-user":"body","__secret":"s"}},"input":{"big":12345678901234567890}}""";
        var run = await client.SendAsync(
            HttpMethod.Post, "/runs", Body, ("X-Configurable-User", "ann \"a\""), ("x-configurable-tier", "gold"), ("x-other", "no"),
            ("authorization", "Bearer t"), ("x-api-key", "k"), ("cookie", "c=1")).OkAsync();

        Assert.Equal("""{"tags":["t"],"configurable":{"n":1.0,"x-configurable-tier":"gold","x-configurable-user":"ann \"a\""}}""", Sorted(run.GetProperty("config")));
        Assert.Equal("""{"big":12345678901234567890}""", run.GetProperty("input").GetRawText());
        Assert.DoesNotContain("__secret", run.GetProperty("kwargs").GetRawText());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"config":null}""")]
    [InlineData("""{"config":{"configurable":null}}""")]
    public async Task Headers_need_no_configuration_in_the_body(string body)
    {
        var run = await client.SendAsync(HttpMethod.Post, "/runs", body, ("x-configurable-a", "1")).OkAsync();
        Assert.Equal("""{"configurable":{"x-configurable-a":"1"}}""", JsonSerializer.Serialize(run.GetProperty("config")));
    }

    [Fact]
    public async Task Each_run_of_a_batch_gets_the_headers()
    {
        var runs = await client.SendAsync(HttpMethod.Post, "/runs/batch", "[{},{}]", ("x-configurable-a", "1")).OkAsync();
        Assert.All(runs.EnumerateArray(), run => Assert.Equal("1", run.GetProperty("config").GetProperty("configurable").Text("x-configurable-a")));
    }

    [Fact]
    public async Task Fields_that_other_servers_act_upon_are_kept_and_add_no_events()
    {
        var events = await client.StreamAsync(HttpMethod.Post, "/runs/stream", new
        {
            assistant_id = "echo",
            input = Protocol.Say("hi"),
            stream_mode = "values",
            feedback_keys = new[] { "k" },
            stream_subgraphs = true,
            langsmith_tracer = new { project_name = "p" },
            durability = "exit",
            checkpoint_during = false,
        });

        Assert.Equal("metadata values values", string.Join(' ', events.Select(item => item.Name)));
        var kwargs = (await client.GetJsonAsync($"/runs/{events[0].Data.Text("run_id")}")).GetProperty("kwargs");
        Assert.Equal(("k", "p"), (kwargs.GetProperty("feedback_keys")[0].GetString(), kwargs.GetProperty("langsmith_tracer").Text("project_name")));
    }

    [Fact]
    public async Task Secrets_are_never_copied_whatever_the_operator_allows_and_the_end_is_said_where_he_wants_it()
    {
        await using var server = await TestServer.StartAsync(
            "--Runs:ConfigurableHeaders=x-*;authorization;user-agent;cookie", "--Runs:EmitEndEvent=true", "--Runs:CancelLifecycle=Failed");
        var run = await server.Client.SendAsync(
            HttpMethod.Post, "/runs", "{}", ("x-api-key", "k"), ("x-tenant-id", "t"), ("authorization", "Bearer t"), ("cookie", "c=1"), ("x-one", "1"), ("user-agent", "ua")).OkAsync();
        Assert.Equal("""{"configurable":{"user-agent":"ua","x-one":"1"}}""", Sorted(run.GetProperty("config")));

        var ended = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("hi") });
        Assert.Equal("metadata values values end", string.Join(' ', ended.Select(item => item.Name)));
        Assert.Equal((null, "null"), (ended[^1].Id, ended[^1].Text));
        var failed = await server.Client.StreamAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("fail x") });
        Assert.Equal("error", failed[^1].Name);

        await AssertCancelledIsAsync(server, """{"event":"failed","graph_name":"echo","error":"cancelled"}""");
        Assert.Empty(server.Errors);
    }

    [Fact]
    public Task A_cancelled_run_is_interrupted_to_the_streaming_protocol() =>
        AssertCancelledIsAsync(fixture.Server, """{"event":"interrupted","graph_name":"echo"}""");

    /// <summary>Both by its executor and before anybody executed it.</summary>
    private static async Task AssertCancelledIsAsync(TestServer server, string expected)
    {
        var client = server.Client;
        foreach (var delay in new[] { 0, 600 })
        {
            var thread = await client.NewThreadAsync();
            var run = await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", input = Protocol.Say("sleep 600"), after_seconds = delay }).OkAsync();
            await client.WaitForStatusAsync(thread, run.Text("run_id"), delay == 0 ? "running" : "pending");
            await client.PostAsync($"/threads/{thread}/runs/{run.Text("run_id")}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);

            await using var stream = await server.Services.GetRequiredService<IThreadStreams>().OpenAsync("local", Guid.Parse(thread), new ThreadStreamStart(), Token);
            var last = await stream.ReadAsync(Token).FirstAsync(item => item.Name == "lifecycle" && !item.Data.Text.Contains("running", StringComparison.Ordinal), Token);
            Assert.Equal(expected, last.Data.Text);
        }
    }

    private static string Sorted(JsonElement config) => JsonSerializer.Serialize(
        config.EnumerateObject().ToDictionary(member => member.Name, member => member.NameEquals("configurable")
            ? (object)new SortedDictionary<string, JsonElement>(member.Value.EnumerateObject().ToDictionary(inner => inner.Name, inner => inner.Value), StringComparer.Ordinal)
            : member.Value), Readable);
}
