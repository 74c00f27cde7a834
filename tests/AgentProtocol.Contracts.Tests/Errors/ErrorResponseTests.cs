using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using Xunit;

namespace AgentProtocol.Contracts.Tests.Errors;

public sealed class ErrorResponseTests
{
    [Fact]
    public void It_has_the_fields_that_every_client_looks_for()
    {
        var error = new ErrorResponse { Code = "not_found", Message = "gone", Detail = "gone", Metadata = new ErrorMetadata() };
        Assert.Equal(
            """{"code":"not_found","message":"gone","detail":"gone","metadata":{}}""",
            JsonSerializer.Serialize(error, ProtocolJsonContext.Default.ErrorResponse));
    }

    [Fact]
    public void Refused_fields_have_their_place_their_problem_and_a_kind()
    {
        var errors = ProtocolException.InvalidField("config.configurable", "must be an object").Errors;
        var metadata = new ErrorMetadata { Errors = errors };
        var error = new ErrorResponse { Code = "c", Message = "m", Detail = "m", Metadata = metadata };
        Assert.Contains(
            """{"errors":[{"loc":["body","config","configurable"],"msg":"must be an object","type":"value_error"}]}""",
            JsonSerializer.Serialize(error, ProtocolJsonContext.Default.ErrorResponse),
            StringComparison.Ordinal);
    }
}
