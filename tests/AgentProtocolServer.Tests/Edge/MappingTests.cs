using System.Net;
using System.Text.Json;
using AgentProtocol.AspNetCore.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class MappingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Mapping_without_services_names_the_missing_call()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        var error = Assert.Throws<InvalidOperationException>(() => app.MapAgentProtocol());
        Assert.Contains("AddAgentProtocol", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/base")]
    [InlineData("/prefix")]
    public async Task It_works_at_the_root_under_a_path_base_and_with_a_prefix(string mount)
    {
        await using var host = await EdgeHost.StartAsync(app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.UseAgentProtocol();
            app.MapAgentProtocol();
            app.MapGroup("/prefix").MapAgentProtocol();
        });
        Assert.Equal("""{"ok":true}""", await host.Client.GetStringAsync(mount + "/ok", Token));
        Assert.Contains("\"version\"", await host.Client.GetStringAsync(mount + "/info", Token), StringComparison.Ordinal);

        using var root = await host.Client.GetAsync(mount + "/", Token);
        Assert.Equal(mount + "/swagger", root.Headers.Location?.ToString());
        var page = await FollowAsync(host.Client, new Uri(host.Client.BaseAddress!, mount + "/swagger"));
        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        using var script = await host.Client.GetAsync(mount + "/swagger/swagger-ui-bundle.js", Token);
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
        using var document = await host.Client.GetAsync(mount + "/openapi.json", Token);
        Assert.True((await document.JsonAsync()).GetProperty("paths").TryGetProperty("/threads/{thread_id}/runs/{run_id}/cancel", out _));
    }

    [Theory]
    [InlineData("/health/live", false, HttpStatusCode.OK)]
    [InlineData("/health/ready", true, HttpStatusCode.OK)]
    [InlineData("/health/ready", false, HttpStatusCode.ServiceUnavailable)]
    [InlineData("/ok", false, HttpStatusCode.OK)]
    [InlineData("/ok?check_db=1", true, HttpStatusCode.OK)]
    [InlineData("/ok?check_db=1", false, HttpStatusCode.InternalServerError)]
    public async Task Probes_tell_whether_the_database_answers(string path, bool healthy, HttpStatusCode expected)
    {
        await using var host = await EdgeHost.StartAsync(configure: builder =>
        {
            builder.Services.Configure<HealthCheckServiceOptions>(options => options.Registrations.Clear());
            builder.Services.AddHealthChecks().AddCheck("database", () => healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        });
        using var response = await host.Client.GetAsync(path, Token);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(JsonValueKind.Object, (await response.JsonAsync()).ValueKind);
    }

    [Fact]
    public async Task A_route_that_says_nothing_of_what_it_needs_is_closed()
    {
        await using var host = await EdgeHost.StartAsync(
            app =>
            {
                var group = app.MapGroup("");
                group.MapGet("/undeclared", () => "open");
                group.MapGet("/declared", () => "open").AllowAnonymous();
                group.CloseUndeclared();
            },
            builder => builder.Configuration["Auth:Mode"] = "ApiKey");
        Assert.Equal("open", await host.Client.GetStringAsync("/declared", Token));
        using var answer = await host.Client.GetAsync("/undeclared", Token);
        await answer.RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Fact]
    public async Task The_document_describes_every_operation()
    {
        await using var host = await EdgeHost.StartAsync();
        using var response = await host.Client.GetAsync("/openapi.json", Token);
        var document = await response.JsonAsync();
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (path.Name, operation.Value))).ToArray();
        Assert.All(operations, operation =>
        {
            Assert.NotEqual("", operation.Value.GetProperty("summary").GetString());
            Assert.NotEqual("", operation.Value.GetProperty("operationId").GetString());
            Assert.NotEmpty(operation.Value.GetProperty("tags").EnumerateArray());
        });
        Assert.Equal(operations.Length, operations.Select(operation => operation.Value.GetProperty("operationId").GetString()).Distinct().Count());

        var stream = document.GetProperty("paths").GetProperty("/threads/{thread_id}/runs/stream").GetProperty("post");
        Assert.True(stream.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("text/event-stream", out _));
        Assert.Equal(
            "#/components/schemas/RunCreate",
            stream.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        Assert.Equal("thread_id", stream.GetProperty("parameters")[0].GetProperty("name").GetString());
        Assert.True(document.GetProperty("components").GetProperty("schemas").GetProperty("RunCreate").GetProperty("properties").TryGetProperty("assistant_id", out _));
        Assert.DoesNotContain("AgentProtocol.Contracts", document.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("wire-contract", document.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("string", document.GetProperty("components").GetProperty("schemas").GetProperty("ErrorResponse").GetProperty("properties").GetProperty("code").GetProperty("type").GetString());
        Assert.Equal(
            ["pending", "running", "error", "success", "timeout", "interrupted"],
            document.GetProperty("components").GetProperty("schemas").GetProperty("RunStatus").GetProperty("enum").EnumerateArray().Select(value => value.GetString()));
    }

    private static async Task<string> FollowAsync(HttpClient client, Uri address)
    {
        for (var hops = 0; hops < 5; hops++)
        {
            using var response = await client.GetAsync(address, Token);
            if (response.Headers.Location is not { } location)
            {
                return await response.Content.ReadAsStringAsync(Token);
            }

            address = new Uri(address, location);
        }

        throw new InvalidOperationException("Too many redirects.");
    }
}
