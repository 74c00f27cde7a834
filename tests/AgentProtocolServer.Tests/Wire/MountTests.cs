using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The library inside of a host that has other things at its root (wire-contract 1.1, 1.4).</summary>
public sealed class MountTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trap_27_addresses_are_relative_to_where_it_is_mounted(bool byPathBase)
    {
        await using var database = await TestServer.CreateDatabaseAsync();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["ConnectionStrings:Postgres"] = TestServer.ForServer(database.ConnectionString);
        builder.Services.AddAgentProtocol(builder.Configuration);
        await using var app = builder.Build();
        if (byPathBase)
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.UseAgentProtocol();
            app.MapAgentProtocol();
        }
        else
        {
            app.MapGroup("/base").MapAgentProtocol();
        }

        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var stream = await client.OpenAsync(HttpMethod.Post, "/base/runs/stream", new { assistant_id = "echo", input = Protocol.Say("x") });
        var place = stream.Header("Location");
        Assert.StartsWith("/runs/", place, StringComparison.Ordinal);
        var events = await stream.EventsAsync().ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(events, await client.StreamAsync(HttpMethod.Get, "/base" + place, null, ("Last-Event-ID", "-1")));
        Assert.Equal("true", (await client.GetJsonAsync("/base/ok")).GetProperty("ok").GetRawText());
    }
}
