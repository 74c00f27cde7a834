using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Another owner's ids behave as unknown ids (design 3, invariant 9). Without authentication, owners are changed in the database.</summary>
public sealed class OwnerTests(OwnerTests.Fixture fixture) : IClassFixture<OwnerTests.Fixture>
{
    private static readonly string[] Tables = ["threads", "thread_heads", "checkpoints", "runs", "run_work", "run_events"];
    private readonly HttpClient client = fixture.Server.Client;

    [Fact]
    public async Task Trap_14_what_belongs_to_another_is_404_and_not_in_any_list()
    {
        var id = (await client.PostAsync("/threads", new { metadata = new { secret = "s" } }).OkAsync()).Text("thread_id");
        await client.AnswerAsync(id, "secret");
        var run = (await client.GetJsonAsync($"/threads/{id}/runs"))[0].Text("run_id");
        var checkpoint = (await client.GetJsonAsync($"/threads/{id}/state")).Text("checkpoint_id");
        await fixture.GiveAwayAsync(id);

        foreach (var path in new[]
        {
            $"/threads/{id}", $"/threads/{id}/state", $"/threads/{id}/state/{checkpoint}", $"/threads/{id}/history", $"/threads/{id}/runs",
            $"/threads/{id}/runs/{run}", $"/threads/{id}/runs/{run}/join", $"/threads/{id}/runs/{run}/wait", $"/threads/{id}/runs/{run}/stream", $"/threads/{id}/runs/{run}/webhook-deliveries",
            $"/runs/{run}", $"/runs/{run}/join", $"/runs/{run}/wait", $"/runs/{run}/stream",
        })
        {
            await client.SendAsync(HttpMethod.Get, path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Patch, $"/threads/{id}"), (HttpMethod.Delete, $"/threads/{id}"), (HttpMethod.Post, $"/threads/{id}/state"),
            (HttpMethod.Patch, $"/threads/{id}/state"), (HttpMethod.Post, $"/threads/{id}/copy"), (HttpMethod.Post, $"/threads/{id}/history"), (HttpMethod.Post, $"/threads/{id}/state/checkpoint"),
            (HttpMethod.Post, $"/threads/{id}/runs"), (HttpMethod.Post, $"/threads/{id}/runs/wait"), (HttpMethod.Post, $"/threads/{id}/runs/stream"),
            (HttpMethod.Post, $"/threads/{id}/runs/{run}/cancel"), (HttpMethod.Delete, $"/threads/{id}/runs/{run}"),
            (HttpMethod.Post, $"/runs/{run}/cancel"), (HttpMethod.Delete, $"/runs/{run}"),
        })
        {
            await client.SendAsync(method, path, """{"metadata":{}}""").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await client.PostAsync("/runs", new { thread_id = id }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync("/threads", new { thread_id = id }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await client.PostAsync("/threads", new { thread_id = id, if_exists = "do_nothing" }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        Assert.Equal("[]", (await client.PostAsync("/threads/search", new { ids = new[] { id } }).OkAsync()).GetRawText());
        Assert.Equal("0", (await client.PostAsync("/threads/count", new { metadata = new { secret = "s" } }).OkAsync()).GetRawText());
        Assert.Equal("[]", (await client.PostAsync("/runs/search", new { thread_id = id }).OkAsync()).GetRawText());
    }

    /// <summary>A server whose database the test can reach.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private AgentProtocol.Testing.Postgres.TestDatabase? database;

        public TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            database = await TestServer.CreateDatabaseAsync();
            Server = await TestServer.StartOnAsync(database.ConnectionString);
        }

        public async Task GiveAwayAsync(string threadId)
        {
            await using var connection = new NpgsqlConnection(database!.ConnectionString);
            await connection.OpenAsync();
            foreach (var table in Tables)
            {
                var runs = table == "run_events" ? "run_id in (select run_id from runs" : "thread_id in (select thread_id from threads";
                await using var command = new NpgsqlCommand($"update {table} set owner = 'somebody' where {runs} where thread_id = '{threadId}')", connection);
                await command.ExecuteNonQueryAsync();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await database!.DisposeAsync();
        }
    }
}
