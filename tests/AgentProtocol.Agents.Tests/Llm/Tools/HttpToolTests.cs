using System.Text.Json;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Testing.Time;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

public sealed class HttpToolTests : IAsyncLifetime
{
    private readonly ManualTimeProvider time = new();
    private readonly AgentConnections connections = new(TimeProvider.System);
    private HttpStub stub = null!;

    public async ValueTask InitializeAsync() => stub = await HttpStub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await connections.DisposeAsync();
        await stub.DisposeAsync();
    }

    [Fact]
    public async Task Placeholders_are_filled_and_the_rest_goes_into_the_query()
    {
        stub.Answer = (200, "sunny");

        var answer = await CallAsync("GET", "/weather/{city}?units=c", """{"city":"São Paulo/centro","days":3,"hours":[1,2],"exact":true,"none":null}""");

        Assert.Equal("sunny", answer);
        Assert.Equal("GET /weather/S%C3%A3o%20Paulo%2Fcentro?units=c&days=3&hours=1&hours=2&exact=true", stub.Requests.Single().Line);
        Assert.Equal("", stub.Requests.Single().Body);
    }

    [Fact]
    public async Task Arguments_of_a_post_are_its_JSON_body_without_those_of_the_URL()
    {
        await CallAsync("POST", "/orders/{id}", """{"id":7,"count":1.50,"note":"quick \"one\""}""");

        var request = stub.Requests.Single();
        Assert.Equal("POST /orders/7", request.Line);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse("""{"count":1.50,"note":"quick \"one\""}"""), JsonElement.Parse(request.Body)));
        Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Headers_are_sent_along()
    {
        await CallAsync("GET", "/", "{}", headers: new() { ["X-Api-Key"] = "secret", ["Accept"] = "text/plain" });

        Assert.Equal(("secret", "text/plain"), (stub.Requests.Single().Headers["X-Api-Key"], stub.Requests.Single().Headers["Accept"]));
    }

    [Theory]
    [InlineData("{}", "The argument \"id\" is missing.")]
    [InlineData("""{"id":".."}""", "The argument \"id\" must not be empty, nor dots alone.")]
    [InlineData("""{"id":""}""", "The argument \"id\" must not be empty, nor dots alone.")]
    public async Task Argument_that_would_lead_elsewhere_is_refused_before_anything_is_sent(string arguments, string reason)
    {
        var failure = await Assert.ThrowsAsync<ToolException>(() => CallAsync("GET", "/items/{id}", arguments));

        Assert.Equal(reason, failure.Message);
        Assert.Empty(stub.Requests);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(302)]
    [InlineData(500)]
    public async Task Answer_that_is_no_success_is_an_error_with_its_body(int status)
    {
        stub.Answer = (status, "no such thing");

        var failure = await Assert.ThrowsAsync<ToolException>(() => CallAsync("GET", "/", "{}"));

        Assert.Equal($"lookup answered {status}: no such thing", failure.Message);
        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task Long_answer_is_cut_off_and_says_so()
    {
        stub.Answer = (200, new string('x', 300_000));

        var answer = await CallAsync("GET", "/", "{}");

        Assert.Equal(new string('x', 262_144) + "\n[Cut off here: the answer is longer than 256 KiB.]", answer);
    }

    [Fact(Timeout = 30_000)]
    public async Task Endpoint_that_does_not_answer_in_time_is_an_error()
    {
        stub.IsSilent = true;
        var call = CallAsync("GET", "/", "{}");
        await stub.Arrived.WaitAsync(AgentRuns.TestToken);

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("lookup has not answered within 5 s.", (await Assert.ThrowsAsync<ToolException>(() => call)).Message);
    }

    [Fact]
    public async Task Endpoint_that_is_not_there_is_an_error()
    {
        await stub.DisposeAsync();

        var failure = await Assert.ThrowsAsync<ToolException>(() => CallAsync("GET", "/", "{}"));

        Assert.StartsWith("lookup cannot be reached: ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(401)]
    public async Task Key_that_an_endpoint_repeats_is_not_passed_on(int status)
    {
        stub.Answer = (status, "Your key is sk-very-secret.");

        var call = CallAsync("GET", "/", "{}", headers: new() { ["Authorization"] = "Bearer sk-very-secret" });
        var told = status == 200 ? await call : (await Assert.ThrowsAsync<ToolException>(() => call)).Message;

        Assert.EndsWith("Your key is ***.", told, StringComparison.Ordinal);
    }

    private async Task<string> CallAsync(string method, string path, string arguments, Dictionary<string, string>? headers = null)
    {
        HttpEndpoint endpoint = new(
            "lookup", "Looks it up", HttpMethod.Parse(method), stub.Url + path, headers ?? [], JsonElement.Parse("{}"), TimeSpan.FromSeconds(5));
        var call = ToolArguments.For(new ToolCall("c1", "lookup", JsonElement.Parse(arguments)), AgentRuns.On());
        return (string)(await new HttpTool(endpoint, connections.Http, time, new Secrets(endpoint.Headers.Values)).Function.InvokeAsync(call, AgentRuns.TestToken))!;
    }
}
