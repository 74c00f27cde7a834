using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Crons over HTTP (wire-contract 10).</summary>
public sealed class CronTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Yearly = "0 0 1 1 *";
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_cron_shows_what_it_was_created_with_and_when_it_fires_next()
    {
        var cron = await client.PostAsync("/runs/crons", """
            {"schedule":"0 0 1 1 *","assistant_id":"echo","input":{"b":1.0,"a":null},"metadata":{"m":1},"multitask_strategy":"enqueue",
             "timezone":"Europe/Berlin","end_time":"2100-01-01T00:00:00","on_run_completed":"keep","unknown":[1]}
            """).OkAsync();
        Assert.Equal(
            ["cron_id", "assistant_id", "thread_id", "on_run_completed", "schedule", "timezone", "end_time", "enabled", "created_at", "updated_at",
             "payload", "user_id", "next_run_date", "metadata"], cron.Members());
        Assert.Equal(Protocol.EchoAssistant, cron.Text("assistant_id"));
        Assert.Equal(JsonValueKind.Null, cron.GetProperty("thread_id").ValueKind);
        Assert.Equal((Yearly, "Europe/Berlin", "keep"), (cron.Text("schedule"), cron.Text("timezone"), cron.Text("on_run_completed")));
        Assert.True(cron.GetProperty("enabled").GetBoolean());
        Assert.Equal(new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc), cron.GetProperty("end_time").GetDateTime());
        Assert.Equal(
            """{"assistant_id":"echo","input":{"b":1.0,"a":null},"metadata":{"m":1},"multitask_strategy":"enqueue","unknown":[1]}""",
            cron.GetProperty("payload").GetRawText());
        var next = cron.GetProperty("next_run_date").GetDateTime();
        Assert.Equal((12, 31, 23), (next.Month, next.Day, next.Hour));
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_null_clears_only_the_end()
    {
        var cron = await CreateAsync(new { schedule = Yearly, assistant_id = "echo", input = new { a = 1 }, end_time = "2100-01-01T00:00:00Z", timezone = "Asia/Tokyo" });
        var path = $"/runs/crons/{cron.Text("cron_id")}";

        var same = await client.SendAsync(HttpMethod.Patch, path, """{"schedule":null,"timezone":null,"input":null,"enabled":null}""").OkAsync();
        foreach (var member in new[] { "schedule", "timezone", "end_time", "payload", "next_run_date", "enabled", "metadata" })
        {
            Assert.Equal(cron.GetProperty(member).GetRawText(), same.GetProperty(member).GetRawText());
        }

        var endless = await client.SendAsync(HttpMethod.Patch, path, """{"end_time":null,"input":{"b":2},"metadata":{"k":"v"}}""").OkAsync();
        Assert.Equal(JsonValueKind.Null, endless.GetProperty("end_time").ValueKind);
        Assert.Equal("""{"b":2}""", endless.GetProperty("payload").GetProperty("input").GetRawText());
        Assert.Equal("""{"k":"v"}""", endless.GetProperty("metadata").GetRawText());
        Assert.Equal("Asia/Tokyo", endless.Text("timezone"));
    }

    [Fact]
    public async Task Headers_of_the_allow_list_win_over_the_configuration_of_the_runs()
    {
        // Wire-contract 5.10.
        const string Path = "/runs/crons";
        (string, string)[] ann = [("X-Configurable-User", "ann"), ("x-other", "no")];
        var bare = await client.SendAsync(HttpMethod.Post, Path, """{"schedule":"0 0 1 1 *","assistant_id":"echo"}""", ann).OkAsync();
        Assert.Equal("""{"configurable":{"x-configurable-user":"ann"}}""", ConfigOf(bare));
        var cron = await client.SendAsync(
            HttpMethod.Post, Path, """{"schedule":"0 0 1 1 *","assistant_id":"echo","config":{"configurable":{"n":1.0,"x-configurable-user":"mallory"}}}""", ann).OkAsync();
        const string Both = """{"configurable":{"n":1.0,"x-configurable-user":"ann"}}""";
        Assert.Equal(Both, ConfigOf(cron));

        // A patch replaces the configuration only where it names one.
        var path = $"{Path}/{cron.Text("cron_id")}";
        var disabled = await client.SendAsync(HttpMethod.Patch, path, """{"enabled":false}""", ann).OkAsync();
        Assert.Equal(Both, ConfigOf(disabled));
        var changed = await client.SendAsync(HttpMethod.Patch, path, """{"config":{"tags":["t"],"configurable":{"x-configurable-user":"mallory"}}}""", ann).OkAsync();
        Assert.Equal("""{"tags":["t"],"configurable":{"x-configurable-user":"ann"}}""", ConfigOf(changed));

        static string ConfigOf(JsonElement cron) => cron.GetProperty("payload").GetProperty("config").GetRawText();
    }

    [Fact]
    public async Task A_disabled_cron_is_not_due()
    {
        var cron = await CreateAsync(new { schedule = Yearly, assistant_id = "echo", enabled = false });
        Assert.Equal(JsonValueKind.Null, cron.GetProperty("next_run_date").ValueKind);
        var path = $"/runs/crons/{cron.Text("cron_id")}";
        Assert.Equal(JsonValueKind.String, (await client.SendAsync(HttpMethod.Patch, path, new { enabled = true }).OkAsync()).GetProperty("next_run_date").ValueKind);
        Assert.Equal(JsonValueKind.Null, (await client.SendAsync(HttpMethod.Patch, path, new { enabled = false }).OkAsync()).GetProperty("next_run_date").ValueKind);
        Assert.Equal(JsonValueKind.Null, (await CreateAsync(new { schedule = Yearly, assistant_id = "echo", end_time = "2020-01-01T00:00:00Z" })).GetProperty("next_run_date").ValueKind);
    }

    [Fact]
    public async Task Crons_are_found_counted_sorted_and_selected()
    {
        var thread = await client.NewThreadAsync();
        var metadata = new { mark = Guid.NewGuid() };
        List<string> ids = [];
        foreach (var path in new[] { "/runs/crons", $"/threads/{thread}/runs/crons", "/runs/crons" })
        {
            ids.Add((await client.PostAsync(path, new { schedule = Yearly, assistant_id = "echo", metadata, enabled = ids.Count < 2 }).OkAsync()).Text("cron_id"));
        }

        Assert.Equal(ids.AsEnumerable().Reverse(), await SearchAsync(new { metadata }));
        Assert.Equal(ids, await SearchAsync(new { metadata, sort_by = "created_at", sort_order = "asc" }));
        Assert.Equal([ids[1]], await SearchAsync(new { thread_id = thread }));
        Assert.Equal([ids[2]], await SearchAsync(new { metadata, enabled = false }));
        Assert.Equal(3, (await SearchAsync(new { metadata, assistant_id = Protocol.EchoAssistant })).Length);
        Assert.Empty(await SearchAsync(new { metadata, assistant_id = Guid.NewGuid() }));
        Assert.Equal(3, (await client.PostAsync("/runs/crons/count", new { metadata }).OkAsync()).GetInt32());
        Assert.Equal(1, (await client.PostAsync("/runs/crons/count", new { thread_id = thread }).OkAsync()).GetInt32());

        using var page = await client.PostAsync("/runs/crons/search", new { metadata, limit = 2 });
        Assert.Equal(("3", "2"), (page.Header("X-Pagination-Total"), page.Header("X-Pagination-Next")));
        var selected = await client.PostAsync("/runs/crons/search", new { metadata, limit = 1, select = new[] { "cron_id", "now" } }).OkAsync();
        Assert.Equal(["cron_id", "now"], selected[0].Members());
        foreach (var sort in new[] { "cron_id", "assistant_id", "thread_id", "updated_at", "next_run_date", "end_time" })
        {
            Assert.Equal(3, (await SearchAsync(new { metadata, sort_by = sort })).Length);
        }
    }

    [Fact]
    public async Task Wrong_fields_are_named()
    {
        foreach (var (body, field) in new[]
        {
            ("""{"assistant_id":"echo"}""", "schedule"), ($$"""{"schedule":"{{Yearly}}"}""", "assistant_id"),
            ("""{"assistant_id":"echo","schedule":"0 0 31 2 *"}""", "schedule"), ("""{"assistant_id":"echo","schedule":"x"}""", "schedule"),
            ("""{"assistant_id":"echo","schedule":5}""", "schedule"), (With("""
             "timezone":"Nowhere"
             """), "timezone"), (With("\"end_time\":\"soon\""), "end_time"), (With("\"end_time\":5"), "end_time"), (With("\"on_run_completed\":\"x\""), "on_run_completed"),
            (With("\"stream_mode\":\"x\""), "stream_mode"), (With("\"multitask_strategy\":\"x\""), "multitask_strategy"), (With("\"metadata\":[]"), "metadata"),
            (With("\"metadata\":{\"a\":\"\\u0000\"}"), "metadata"), (With("\"input\":{\"messages\":[{\"role\":\"x\"}]}"), "input.messages.0.role"),
        })
        {
            var error = await client.PostAsync("/runs/crons", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
            Assert.StartsWith("body." + field.Split('.')[0], Assert.Single(error.Locations()), StringComparison.Ordinal);
        }

        var path = $"/runs/crons/{(await CreateAsync(new { schedule = Yearly, assistant_id = "echo" })).Text("cron_id")}";
        foreach (var (body, field) in new[] { ("""{"schedule":"x"}""", "schedule"), ("""{"timezone":"x"}""", "timezone"), ("""{"end_time":"x"}""", "end_time") })
        {
            var error = await client.SendAsync(HttpMethod.Patch, path, body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
            Assert.Equal(["body." + field], error.Locations());
        }

        foreach (var body in new[] { """{"limit":0}""", """{"limit":1001}""", """{"sort_by":"x"}""", """{"sort_order":"x"}""", """{"select":["x"]}""", """{"thread_id":"x"}""" })
        {
            await client.PostAsync("/runs/crons/search", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        }
    }

    [Fact]
    public async Task What_does_not_exist_is_404_and_what_is_no_id_422()
    {
        await client.PostAsync("/runs/crons", new { schedule = Yearly, assistant_id = "nobody" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/{Guid.NewGuid()}/runs/crons", new { schedule = Yearly, assistant_id = "echo" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync("/threads/x/runs/crons", new { schedule = Yearly, assistant_id = "echo" }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        foreach (var method in new[] { HttpMethod.Patch, HttpMethod.Delete })
        {
            await client.SendAsync(method, $"/runs/crons/{Guid.NewGuid()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            await client.SendAsync(method, "/runs/crons/x").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        }
    }

    [Fact]
    public async Task A_deleted_cron_is_gone()
    {
        var path = $"/runs/crons/{(await CreateAsync(new { schedule = Yearly, assistant_id = "echo" })).Text("cron_id")}";
        await client.SendAsync(HttpMethod.Delete, path).EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Delete, path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    private static string With(string member) => $$"""{"assistant_id":"echo","schedule":"{{Yearly}}",{{member}}}""";

    private Task<JsonElement> CreateAsync(object body) => client.PostAsync("/runs/crons", body).OkAsync();

    private async Task<string[]> SearchAsync(object body) =>
        [.. (await client.PostAsync("/runs/crons/search", body).OkAsync()).EnumerateArray().Select(cron => cron.Text("cron_id"))];
}
