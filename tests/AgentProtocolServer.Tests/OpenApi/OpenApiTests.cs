using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.OpenApi;

/// <summary>Our OpenAPI document: as committed, complete, and no less than the Agent Protocol's.</summary>
public sealed class OpenApiTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    /// <summary>What later parts will bring.</summary>
    private static readonly string[] NotYet =
    [
        "POST /threads/{thread_id}/stream", "GET /threads/{thread_id}/stream",
        "POST /threads/{thread_id}/commands",
    ];

    [Fact]
    public async Task The_document_is_the_committed_one()
    {
        var path = Path.Combine(SpecFiles.Folder, "agent-protocol-server.json");
        var generated = (await fixture.Client.GetStringAsync("/openapi.json", TestContext.Current.CancellationToken)).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(path, generated, TestContext.Current.CancellationToken);
        }

        var committed = File.Exists(path) ? (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n") : "";
        Assert.True(
            generated == committed,
            $"/openapi.json differs from {path} at {Difference(committed, generated)}. If that is intended, run this test with UPDATE_SNAPSHOTS=1 and commit the file.");
    }

    [Fact]
    public async Task Every_operation_has_a_summary_and_an_id_of_its_own()
    {
        var operations = Operations(await fixture.Client.GetJsonAsync("/openapi.json")).ToArray();
        Assert.All(operations, operation => Assert.NotEqual("", operation.Value.Text("summary")));
        Assert.Equal(operations.Length, operations.Select(operation => operation.Value.Text("operationId")).Distinct().Count());
    }

    [Fact]
    public async Task Every_operation_of_the_agent_protocol_is_served()
    {
        var ours = Operations(await fixture.Client.GetJsonAsync("/openapi.json")).Select(operation => operation.Key).ToArray();
        var vendored = Operations(SpecFiles.AgentProtocol).Select(operation => operation.Key).ToArray();
        Assert.Equal(NotYet.Order(), vendored.Except(ours).Order());
    }

    private static IEnumerable<KeyValuePair<string, JsonElement>> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select KeyValuePair.Create($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value);

    private static string Difference(string committed, string generated)
    {
        var (old, now) = (committed.Split('\n'), generated.Split('\n'));
        var line = old.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {line + 1}: \"{now.ElementAtOrDefault(line)?.Trim()}\" instead of \"{old.ElementAtOrDefault(line)?.Trim()}\"";
    }
}
