using System.Net;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>JSON that is valid and that readers of JSON stumble over. What is here has once been a 500.</summary>
public sealed class OddJsonTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Theory]
    [InlineData("runs", """{"checkpoint_id":"\ud800"}""", "body.checkpoint_id")]
    [InlineData("runs", """{"checkpoint":{"checkpoint_id":"\udc00\ud800"}}""", "body.checkpoint.checkpoint_id")]
    [InlineData("runs", """{"checkpoint":{"checkpoint_ns":"\ud800"}}""", "body.checkpoint.checkpoint_ns")]
    [InlineData("runs", """{"config":{"configurable":{"checkpoint_id":"\ud800"}}}""", "body.config.configurable.checkpoint_id")]
    [InlineData("runs", """{"command":{"update":[["\ud800",1]]}}""", "body.command.update")]
    [InlineData("history", """{"before":"\ud800"}""", "body.before")]
    [InlineData("history", """{"before":{"checkpoint_id":"\ud800"}}""", "body.before")]
    [InlineData("history", """{"checkpoint":{"checkpoint_ns":"\ud800"}}""", "body.checkpoint.checkpoint_ns")]
    [InlineData("state/checkpoint", """{"checkpoint":"\udc00\ud800"}""", "body.checkpoint")]
    [InlineData("state/checkpoint", """{"checkpoint":{"checkpoint_ns":"\ud800"}}""", "body.checkpoint.checkpoint_ns")]
    public async Task Half_of_a_surrogate_pair_names_nothing(string path, string body, string location)
    {
        var id = await client.NewThreadAsync();
        var error = await client.PostAsync($"/threads/{id}/{path}", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_cannot_be_searched_for() =>
        await client.PostAsync("/agents/search", """{"metadata":{"created_by":"\ud800"}}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");

    [Fact]
    public async Task Half_of_a_surrogate_pair_is_no_wish_for_the_end() =>
        await client.PostAsync("/runs", """{"on_completion":"\ud800"}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");

    [Theory]
    [InlineData("""{"interrupt_before":"\ud800"}""")]
    [InlineData("""{"interrupt_after":["\ud800"]}""")]
    [InlineData("""{"context":{"a":"\ud800"}}""")]
    [InlineData("""{"thread_id":null,"durability":null,"input":{"messages":[{"role":"assistant","content":[{"type":5},{"type":"\ud800"}]}]}}""")]
    public async Task A_run_may_hold_half_of_a_surrogate_pair_where_nobody_reads_it(string body) =>
        Assert.Equal("success", (await client.PostAsync("/runs/wait", body).OkAsync()).Text("status"));

    [Fact]
    public async Task What_is_deep_is_found_like_everything_else()
    {
        var mark = Guid.NewGuid();
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200);
        var metadata = $$$"""{"metadata":{"mark":"{{{mark}}}","deep":{{{deep}}}}}""";
        foreach (var (create, search) in new[] { ("/threads", "/threads/search"), ("/runs", "/runs/search") })
        {
            using var created = await client.PostAsync(create, metadata);
            Assert.Equal(HttpStatusCode.OK, created.StatusCode);
            using var found = await client.PostAsync(search, new { metadata = new { mark } });
            Assert.True(found.IsSuccessStatusCode, string.Join('\n', fixture.Server.Errors));
            Assert.Equal("1", found.Header("X-Pagination-Total"));
            Assert.Contains(deep, await found.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }
}
