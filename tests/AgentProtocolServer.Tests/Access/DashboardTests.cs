using System.Net;
using System.Text;
using AgentProtocol.Hangfire;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Hangfire's dashboard shows nothing to those who may not administer, wherever they seem to call from.</summary>
public sealed class DashboardTests : IAsyncLifetime
{
    private const string Path = "/hangfire";

    private TestServer server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(HangfireQueue.IsBuiltIn, "This build has no Hangfire (UseHangfire=true builds it in): its dashboard was not tested");
        server = await TestServer.StartAsync("--Auth:Mode=ApiKey", "--Runs:Queue=Hangfire", "--Runs:MaxConcurrent=2");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(Path)]
    [InlineData(Path + "/jobs/processing")]
    [InlineData(Path + "/stats")]
    [InlineData(Path + "/nothing")]
    public async Task A_caller_without_a_key_is_not_let_in_even_from_this_machine(string path) =>
        await server.Client.SendAsync(HttpMethod.Get, path).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");

    [Fact]
    public async Task A_key_that_does_not_administer_is_not_enough()
    {
        var caller = await server.ClientOfAsync("reader", "read", "run");

        await caller.SendAsync(HttpMethod.Get, Path).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await caller.SendAsync(HttpMethod.Post, Path + "/jobs/processing/delete").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task An_administrator_sees_it_and_changes_nothing_without_the_token_of_its_pages()
    {
        var caller = await server.ClientOfAsync("operator");

        Assert.Contains("Deliveries of runs", await caller.GetStringAsync(Path, Token), StringComparison.Ordinal);
        using var unknown = await caller.GetAsync(Path + "/nothing", Token);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var forged = await caller.PostAsync(Path + "/jobs/processing/delete", new FormUrlEncodedContent([new("jobs[]", "1")]), Token);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
    }

    [Fact]
    public async Task A_browser_signs_in_with_a_key_as_password_and_only_there()
    {
        var key = (await server.ClientOfAsync("operator")).DefaultRequestHeaders.GetValues("x-api-key").Single();
        var browser = server.NewClient();

        using var asked = await browser.GetAsync(Path, Token);
        Assert.Equal("Basic", Assert.Single(asked.Headers.WwwAuthenticate).Scheme);
        browser.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{key}")));
        Assert.Contains("Deliveries of runs", await browser.GetStringAsync(Path, Token), StringComparison.Ordinal);
        await browser.SendAsync(HttpMethod.Get, "/agents/echo").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        browser.DefaultRequestHeaders.Authorization = new("Basic", "no base64");
        await browser.SendAsync(HttpMethod.Get, Path).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory]
    [InlineData("--Runs:Queue=Postgres")]
    [InlineData("--Hangfire:Dashboard=false")]
    public async Task Where_there_is_none_its_address_is_unknown(string setting)
    {
        await using var other = await TestServer.StartAsync("--Auth:Mode=None", "--Runs:MaxConcurrent=2", "--Runs:Queue=Hangfire", setting);

        await other.Client.SendAsync(HttpMethod.Get, Path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }
}
