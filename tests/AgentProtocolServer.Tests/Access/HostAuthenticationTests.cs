using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>The library in a host that has its own way of knowing its users.</summary>
public sealed class HostAuthenticationTests
{
    [Fact]
    public async Task The_hosts_claims_say_who_the_owner_is_and_what_he_may_do()
    {
        await using var database = await TestServer.CreateDatabaseAsync();
        await using var app = await StartAsync(database.ConnectionString);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        (string, string) ann = ("x-user", "ann;openid read run"), ben = ("x-user", "ben;run"), reader = ("x-user", "ann;read");

        var thread = (await client.SendAsync(HttpMethod.Post, "/threads", "{}", ann).OkAsync()).Text("thread_id");
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, reader).OkAsync();
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, ben).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        var error = await client.SendAsync(HttpMethod.Delete, $"/threads/{thread}", null, reader).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        Assert.Contains("\"run\"", error.Text("message"), StringComparison.Ordinal);

        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, ("x-user", ";admin")).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, ("x-user", "ann;")).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        Assert.True((await client.GetJsonAsync("/ok")).GetProperty("ok").GetBoolean());
    }

    private static async Task<WebApplication> StartAsync(string connectionString)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["ConnectionStrings:Postgres"] = TestServer.ForServer(connectionString);
        builder.Configuration["Auth:Mode"] = "Host";
        builder.Configuration["Auth:OwnerClaim"] = "user";
        builder.Services.AddAgentProtocol(builder.Configuration);

        // Not named as the default: a host with one scheme need not, and the library must not take that away.
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("header", null);
        var app = builder.Build();
        app.MapAgentProtocol();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["x-user"].FirstOrDefault()?.Split(';') is not [var user, var scopes])
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var identity = new ClaimsIdentity([new Claim("user", user), new Claim("scope", scopes)], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}
