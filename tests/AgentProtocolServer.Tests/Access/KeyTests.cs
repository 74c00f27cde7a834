using System.Net;
using AgentProtocol.Engine.Access;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Who is let in by a key, and to what (wire-contract 1.3, 11.2, 13.14 to 13.16).</summary>
public sealed class KeyTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ApiKeys Keys => fixture.Server.Services.GetRequiredService<ApiKeys>();

    [Theory]
    [InlineData("POST", "/threads")]
    [InlineData("POST", "/threads/search")]
    [InlineData("POST", "/runs")]
    [InlineData("POST", "/runs/wait")]
    [InlineData("POST", "/runs/stream")]
    [InlineData("POST", "/agents/search")]
    [InlineData("GET", "/agents/echo")]
    [InlineData("GET", "/threads/x")]
    [InlineData("GET", "/runs/00000000-0000-0000-0000-000000000000/stream")]
    public async Task Without_a_key_the_answer_is_401_and_says_how_to_mend_it(string method, string path)
    {
        using var answer = await fixture.Client.SendAsync(HttpMethod.Parse(method), path, method == "POST" ? "{}" : null);
        Assert.Equal("Bearer", answer.Header("WWW-Authenticate"));
        var error = await Edge.Answers.RefusedAsync(answer, HttpStatusCode.Unauthorized, "unauthorized");
        Assert.Contains("x-api-key", error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trap_15_an_auth_scheme_opens_nothing()
    {
        foreach (var scheme in new[] { "langsmith", "langsmith-agent", "noop" })
        {
            await fixture.Client.SendAsync(HttpMethod.Post, "/threads/search", "{}", ("x-auth-scheme", scheme)).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        }
    }

    [Fact]
    public async Task Trap_16_a_key_counts_in_either_header_and_beside_a_wrong_one()
    {
        var client = await fixture.Server.ClientOfAsync("headers");
        var key = Assert.Single(client.DefaultRequestHeaders.GetValues("x-api-key"));
        foreach (var headers in new (string, string)[][]
        {
            [("x-api-key", key)],
            [("Authorization", $"Bearer {key}")],
            [("authorization", $"bearer {key}")],
            [("x-api-key", "lsv2_of_another_service"), ("Authorization", $"Bearer {key}")],
            [("x-api-key", key), ("Authorization", "Bearer of.another.service"), ("x-auth-scheme", "langsmith")],
        })
        {
            await fixture.Client.SendAsync(HttpMethod.Post, "/threads/search", "{}", headers).OkAsync();
        }
    }

    [Fact]
    public async Task What_is_no_key_is_401_whatever_it_looks_like()
    {
        var client = await fixture.Server.ClientOfAsync("wrong");
        var key = Assert.Single(client.DefaultRequestHeaders.GetValues("x-api-key"));
        foreach (var wrong in new[] { "x", key[..^1], key + "0", key.ToUpperInvariant(), key[..17], new string('x', 8000), $"aps_{new string('0', 12)}_{new string('0', 64)}" })
        {
            var error = await fixture.Client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("x-api-key", wrong)).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
            Assert.Contains("unknown, revoked or expired", error.Text("message"), StringComparison.Ordinal);
        }

        await fixture.Client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("Authorization", $"Basic {key}")).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        await fixture.Client.SendAsync(HttpMethod.Get, $"/agents/echo?api_key={key}&x-api-key={key}").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Fact]
    public async Task A_scope_includes_those_before_it_and_403_names_what_is_missing()
    {
        var (read, run) = (await fixture.Server.ClientOfAsync("scopes", "read"), await fixture.Server.ClientOfAsync("scopes", "run"));
        var thread = await run.NewThreadAsync();
        await run.AnswerAsync(thread, "hello");
        await read.GetJsonAsync($"/threads/{thread}/state");
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Post, "/threads"), (HttpMethod.Delete, $"/threads/{thread}"), (HttpMethod.Post, $"/threads/{thread}/runs"), (HttpMethod.Post, "/runs/wait"),
        })
        {
            var error = await read.SendAsync(method, path, "{}").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
            Assert.Contains("\"run\"", error.Text("message"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whoever_may_only_read_cannot_end_a_run_by_hanging_up()
    {
        var (read, run) = (await fixture.Server.ClientOfAsync("hanging", "read"), await fixture.Server.ClientOfAsync("hanging"));
        var thread = await run.NewThreadAsync();
        var id = await run.StartAsync(thread, "sleep 60");
        foreach (var path in new[] { $"/threads/{thread}/runs/{id}", $"/runs/{id}" })
        {
            foreach (var way in new[] { "stream", "join", "wait" })
            {
                await read.SendAsync(HttpMethod.Get, $"{path}/{way}?cancel_on_disconnect=1").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
            }
        }

        await run.PostAsync($"/threads/{thread}/runs/{id}/cancel?wait=1");
    }

    [Fact]
    public async Task Owners_live_apart_also_in_stateless_runs_and_with_several_keys()
    {
        var (ann, annToo, ben) = (await fixture.Server.ClientOfAsync("ann"), await fixture.Server.ClientOfAsync("ann"), await fixture.Server.ClientOfAsync("ben"));
        var run = (await ann.PostAsync("/runs", new { agent_id = "echo", input = Protocol.Say("hello") }).OkAsync()).Text("run_id");
        await ann.GetJsonAsync($"/runs/{run}/wait");
        Assert.Equal(run, (await annToo.GetJsonAsync($"/runs/{run}")).Text("run_id"));
        await ben.SendAsync(HttpMethod.Get, $"/runs/{run}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await ben.SendAsync(HttpMethod.Get, $"/runs/{run}/wait").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("[]", (await ben.PostAsync("/runs/search").OkAsync()).GetRawText());

        var thread = await ann.NewThreadAsync();
        Assert.Equal(thread, (await annToo.PostAsync("/threads/search").OkAsync())[0].Text("thread_id"));
        Assert.Equal("[]", (await ben.PostAsync("/threads/search").OkAsync()).GetRawText());
        Assert.Equal("0", (await ben.PostAsync("/threads/count").OkAsync()).GetRawText());
        foreach (var how in new[] { "raise", "do_nothing" })
        {
            await ben.PostAsync("/threads", new { thread_id = thread, if_exists = how }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        }
    }

    [Fact]
    public async Task Trap_14_metadata_of_the_caller_makes_nobody_an_owner()
    {
        var (ann, ben) = (await fixture.Server.ClientOfAsync("ann"), await fixture.Server.ClientOfAsync("ben"));
        var thread = (await ann.PostAsync("/threads", new { metadata = new { owner = "ben" } }).OkAsync()).Text("thread_id");
        await ben.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("ben", (await ann.GetJsonAsync($"/threads/{thread}")).GetProperty("metadata").Text("owner"));
    }

    [Fact]
    public async Task What_is_about_the_server_itself_is_for_everybody()
    {
        foreach (var path in new[] { "/ok", "/ok?check_db=1", "/info", "/health", "/health/live", "/health/ready", "/live", "/ready", "/openapi.json", "/agents.schema.json", "/swagger/index.html" })
        {
            using var answer = await fixture.Client.SendAsync(HttpMethod.Get, path);
            Assert.True(answer.IsSuccessStatusCode, $"{path} {answer.StatusCode}");
        }

        await fixture.Client.SendAsync(HttpMethod.Get, "/nowhere").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_revoked_key_and_an_expired_one_stop_counting()
    {
        var client = await fixture.Server.ClientOfAsync("leaving");
        var key = Assert.Single(await KeysOfAsync("leaving"));
        Assert.NotNull(await Keys.RevokeAsync(key.Prefix, Token));
        Assert.Null(await Keys.RevokeAsync(key.Prefix, Token));
        await RefusedSoonAsync(client);

        var expiring = await fixture.Server.ClientOfAsync("expiring");
        await using (var source = Npgsql.NpgsqlDataSource.Create(fixture.Server.ConnectionString))
        await using (var command = source.CreateCommand("update api_keys set expires_at = now() where owner = 'expiring'"))
        {
            await command.ExecuteNonQueryAsync(Token);
        }

        await RefusedSoonAsync(expiring);
    }

    [Fact]
    public async Task The_use_of_a_key_is_noted_and_its_secret_is_nowhere()
    {
        var client = await fixture.Server.ClientOfAsync("noted");
        var secret = Assert.Single(client.DefaultRequestHeaders.GetValues("x-api-key"));
        Assert.NotNull(Assert.Single(await KeysOfAsync("noted")).LastUsedAt);
        await using var source = Npgsql.NpgsqlDataSource.Create(fixture.Server.ConnectionString);
        await using var command = source.CreateCommand("select count(*) from api_keys k where position($1 in k::text) > 0");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = secret[^64..] });
        Assert.Equal(0L, await command.ExecuteScalarAsync(Token));
        Assert.DoesNotContain(secret[^64..], fixture.Server.Log, StringComparison.Ordinal);
    }

    private async Task<ApiKey[]> KeysOfAsync(string owner) => [.. (await Keys.ListAsync(Token)).Where(key => key.Owner == owner)];

    private static Task RefusedSoonAsync(HttpClient client) => Until.TrueAsync(
        async () =>
        {
            using var answer = await client.GetAsync("/agents/echo", Token);
            return answer.StatusCode == HttpStatusCode.Unauthorized;
        },
        Token);
}
