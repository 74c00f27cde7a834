using System.Net;
using System.Text;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts.Threads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class BodyBindingTests : IAsyncLifetime
{
    private EdgeHost host = null!;

    public async ValueTask InitializeAsync() => host = await EdgeHost.StartAsync(
        app =>
        {
            app.MapPost("/thread", (RequestBody<ThreadCreate> body) => Text(body.Value.Metadata?.GetRawText() ?? "absent"));
            app.MapPost("/search", (RequestBody<ThreadSearchRequest> body) => Text($"{body.Value.Status} {body.Value.Limit}"));
            app.MapPost("/run", (RunBody body) => Text(body.Text.Text));
        },
        builder => builder.Configuration.AddInMemoryCollection([new("Limits:MaxBodyBytes", "4000000")]));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=UTF-8")]
    [InlineData("application/vnd.api+json")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task Json_is_read_whatever_its_content_type_says(string? contentType)
    {
        using var response = await host.Client.PostTextAsync("/thread", """{"metadata":{"a":1.0}}""", contentType);
        Assert.Equal("""{"a":1.0}""", await ReadAsync(response));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=utf-16")]
    public async Task Other_content_types_are_415(string contentType)
    {
        using var response = await host.Client.PostTextAsync("/thread", "{}", contentType);
        await response.RefusedAsync(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"metadata":null,"unknown":{"x":[1]}}""")]
    public async Task Absent_null_and_unknown_fields_are_no_error(string body)
    {
        using var response = await host.Client.PostTextAsync("/thread", body, body.Length == 0 ? null : "application/json");
        Assert.Equal("absent", await ReadAsync(response));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{"metadata":{"a":1,"a":2}}""")]
    [InlineData("""{"unknown":{"a":1,"a":2}}""")]
    public async Task What_is_not_json_is_400(string body)
    {
        using var response = await host.Client.PostTextAsync("/thread", body);
        await response.RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
    }

    [Fact]
    public async Task Invalid_utf8_is_400()
    {
        using var response = await host.Client.PostBytesAsync("/thread", [.. "{\"metadata\":{\"a\":\""u8, 0xFF, .. "\"}}"u8]);
        await response.RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
    }

    [Theory]
    [InlineData(250, HttpStatusCode.OK)]
    [InlineData(257, HttpStatusCode.BadRequest)]
    public async Task Depth_ends_at_256(int arrays, HttpStatusCode expected)
    {
        var body = $$$"""{"metadata":{"a":{{{new string('[', arrays)}}}{{{new string(']', arrays)}}}}}""";
        using var response = await host.Client.PostTextAsync("/thread", body);
        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("/thread", "[]", "body")]
    [InlineData("/thread", """{"thread_id":"x"}""", "body.thread_id")]
    [InlineData("/search", """{"limit":"10"}""", "body.limit")]
    [InlineData("/search", """{"limit":1.5}""", "body.limit")]
    [InlineData("/search", """{"status":"asleep"}""", "body.status")]
    [InlineData("/search", """{"status":1}""", "body.status")]
    [InlineData("/search", """{"ids":["x"]}""", "body.ids.0")]
    [InlineData("/run", """{"assistant_id":7}""", "body.assistant_id")]
    [InlineData("/run", """{"stream_mode":[7]}""", "body.stream_mode")]
    [InlineData("/run", """{"timeouts":[]}""", "body.timeouts")]
    [InlineData("/run", """{"timeouts":{"total":"1"}}""", "body.timeouts.total")]
    public async Task Json_of_another_shape_is_422_and_names_the_field(string path, string body, string location)
    {
        using var response = await host.Client.PostTextAsync(path, body);
        var error = await response.RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
        Assert.DoesNotContain("System.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_limit_is_413_with_and_without_a_length(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/thread")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes($$$"""{"metadata":{"a":"{{{new string('x', 4_000_000)}}}"}}""")),
        };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "payload_too_large");
    }

    [Fact]
    public async Task A_large_body_below_the_limit_is_read_whole()
    {
        var value = new string('ä', 1_900_000);
        using var response = await host.Client.PostTextAsync("/thread", $$$"""{"metadata":{"a":"{{{value}}}"}}""");
        Assert.Equal($$"""{"a":"{{value}}"}""", await ReadAsync(response));
    }

    [Fact]
    public async Task A_run_keeps_its_body_as_it_was_sent()
    {
        const string Body = """{ "input": {"b":1e2, "a":null}, "assistant_id":"agent", "feedback_keys":["x"] }""";
        using var response = await host.Client.PostTextAsync("/run", Body);
        Assert.Equal(Body, await ReadAsync(response));
    }

    private static ContentHttpResult Text(string text) => TypedResults.Text(text);

    private static async Task<string> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
