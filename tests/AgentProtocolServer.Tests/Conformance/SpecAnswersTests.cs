using System.Net;
using System.Net.Http.Headers;
using Xunit;
using Xunit.Sdk;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The conformance tests find what they look for.</summary>
public sealed class SpecAnswersTests
{
    [Theory]
    [InlineData("GET /runs/{run_id}", HttpStatusCode.OK, "application/json", "{}")]
    [InlineData("GET /runs/{run_id}", HttpStatusCode.OK, "text/plain", "{}")]
    [InlineData("GET /threads/{thread_id}", HttpStatusCode.OK, "application/json", "[]")]
    [InlineData("POST /threads/search", HttpStatusCode.OK, "application/json", """[{"thread_id":7}]""")]
    [InlineData("POST /threads", HttpStatusCode.Created, "application/json", "{}")]
    [InlineData("POST /threads", HttpStatusCode.Conflict, "application/json", """{"code":7}""")]
    [InlineData("DELETE /threads/{thread_id}", HttpStatusCode.NoContent, "application/json", "{}")]
    public async Task An_answer_of_another_shape_is_found(string operation, HttpStatusCode status, string mediaType, string body)
    {
        using var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        await Assert.ThrowsAnyAsync<XunitException>(() => SpecAnswers.AssertAsync(operation, response, body));
    }
}
