using System.Globalization;
using System.Text.Json;
using AgentProtocolServer.Tests.OpenApi;
using NJsonSchema;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>What the Agent Protocol's document says of answers, given the resolutions of wire-contract 12.</summary>
internal static class SpecAnswers
{
    /// <summary>Answers that the document does not list or describes otherwise, each with the reason why that is right.</summary>
    private static readonly Dictionary<(string Operation, int Status), string> Exemptions = new()
    {
        [("GET /runs/{run_id}/stream", 200)] = "row 32, below the table: declared as application/json, but it is a stream of events",
        [("DELETE /runs/{run_id}", 409)] = "wire-contract 4.3: an active run must be cancelled first, says the text of the document without a status for it",
        [("PATCH /threads/{thread_id}", 409)] = "row 22: a state edit on a busy thread is the same conflict as through POST /state",
        [("GET /store/items", 200)] = "row 3: a missing item is 200 null",
        [("POST /store/namespaces", 200)] = "row 4: the object form, which the SDKs read",
    };

    private static readonly Dictionary<string, JsonElement> Operations = (
        from path in SpecFiles.AgentProtocol.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (Key: $"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)).ToDictionary(operation => operation.Key, operation => operation.Value);

    private static readonly string Definitions = InPlace(SpecFiles.AgentProtocol.GetProperty("components").GetProperty("schemas"));

    /// <summary>Asserts that an answer is one that the document lists for its operation, and that its JSON is valid by the schema there.</summary>
    public static async Task AssertAsync(string operation, HttpResponseMessage response, string body)
    {
        var status = (int)response.StatusCode;
        var listed = Operations[operation].GetProperty("responses").TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out var answer);
        var exempt = Exemptions.ContainsKey((operation, status));
        // Row 17: what is not JSON at all is 400 everywhere.
        Assert.True(listed || exempt || status == 400, $"{operation} answers {status}, which the document does not list: {body}");
        if (exempt || !listed)
        {
            return;
        }

        var mediaType = response.Content.Headers.ContentType?.MediaType;
        if (!answer.TryGetProperty("content", out var contents))
        {
            Assert.Equal("", body);
            return;
        }

        Assert.True(contents.TryGetProperty(mediaType ?? "", out var content), $"{operation} answers {status} as {mediaType}");
        if (mediaType == "application/json")
        {
            await AssertValidAsync(content.GetProperty("schema"), operation, body);
        }
    }

    private static async Task AssertValidAsync(JsonElement declared, string operation, string body)
    {
        var schema = await JsonSchema.FromJsonAsync($$"""{"allOf":[{{InPlace(declared)}}],"definitions":{{Definitions}}}""", TestContext.Current.CancellationToken);
        var errors = schema.Validate(body);
        Assert.True(errors.Count == 0, $"{operation}: {string.Join(", ", errors)} in {body}");
    }

    private static string InPlace(JsonElement schema) => schema.GetRawText().Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal);
}
