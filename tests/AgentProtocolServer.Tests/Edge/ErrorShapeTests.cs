using System.Net;
using System.Net.Sockets;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Builder;
using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class ErrorShapeTests : IAsyncLifetime
{
    private EdgeHost host = null!;

    public async ValueTask InitializeAsync() => host = await EdgeHost.StartAsync(app =>
    {
        app.MapAgentProtocol();
        app.MapGet("/defect", string () => throw new InvalidOperationException("secret text"));
        app.MapGet("/away", string () => throw new InvalidOperationException("x", new NpgsqlException("x", new SocketException())));
        app.MapGet("/conflict", string () => throw ProtocolException.Conflict("The thread is \"busy\""));
    });

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/threads/search/x/y", HttpStatusCode.NotFound, "not_found")]
    [InlineData("PUT", "/threads", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("PUT", "/runs/batch", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("GET", "/defect", HttpStatusCode.InternalServerError, "internal_error")]
    [InlineData("GET", "/away", HttpStatusCode.ServiceUnavailable, "unavailable")]
    [InlineData("GET", "/conflict", HttpStatusCode.Conflict, "conflict")]
    public async Task Every_refusal_has_one_shape(string method, string path, HttpStatusCode status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.RefusedAsync(status, code);
    }

    [Fact]
    public async Task A_defect_keeps_its_text_to_the_log()
    {
        using var response = await host.Client.GetAsync("/defect", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("secret", (await response.JsonAsync()).GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/threads/x", "path.thread_id")]
    [InlineData("/threads/%7B00000000-0000-0000-0000-000000000000%7D", "path.thread_id")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/runs/x", "path.run_id")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/state/x", "path.checkpoint_id")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/history?limit=0", "query.limit")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/history?before=x", "query.before")]
    [InlineData("/runs/x", "path.run_id")]
    public async Task A_bad_id_is_422_and_named(string path, string location)
    {
        using var response = await host.Client.GetAsync(path, TestContext.Current.CancellationToken);
        var error = await response.RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Theory]
    [InlineData("/threads/search", """{"limit":0,"sort_by":"color","select":["secret"]}""", "body.limit,body.sort_by,body.select")]
    [InlineData("/threads/search", """{"offset":-1,"sort_order":"up","metadata":[]}""", "body.metadata,body.offset,body.sort_order")]
    [InlineData("/threads", """{"if_exists":"maybe","ttl":-1,"supersteps":[{}]}""", "body.if_exists,body.ttl,body.supersteps.0.updates")]
    [InlineData("/threads/search", """{"limit":1001}""", "body.limit")]
    [InlineData("/runs/search", """{"limit":1001}""", "body.limit")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/state", """{"values":7}""", "body.values")]
    [InlineData("/threads/00000000-0000-0000-0000-000000000000/runs", """{"webhook":"x"}""", "body.webhook")]
    [InlineData("/runs/wait", """{"config":7}""", "body.config")]
    public async Task Bodies_are_validated_before_anything_happens(string path, string body, string locations)
    {
        using var response = await host.Client.PostTextAsync(path, body);
        var error = await response.RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(locations, string.Join(',', error.Locations()));
    }

    [Fact]
    public async Task In_development_the_framework_s_error_page_does_not_answer_for_us()
    {
        await using var developing = await EdgeHost.StartAsync(configure: builder => builder.Environment.EnvironmentName = "Development");
        using var response = await developing.Client.GetAsync("/runs/x", TestContext.Current.CancellationToken);
        await response.RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        using var defect = await developing.Client.GetAsync("/runs/00000000-0000-0000-0000-000000000000", TestContext.Current.CancellationToken);
        await defect.RefusedAsync(HttpStatusCode.InternalServerError, "internal_error");
    }

    [Fact]
    public async Task A_request_id_comes_back_when_it_is_plain()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/ok");
        request.Headers.Add("x-request-id", "abc-1");
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("abc-1", Assert.Single(response.Headers.GetValues("x-request-id")));
    }
}
