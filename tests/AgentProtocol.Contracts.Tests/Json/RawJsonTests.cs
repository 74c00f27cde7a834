using System.Text.Json;
using AgentProtocol.Contracts.Json;
using Xunit;

namespace AgentProtocol.Contracts.Tests.Json;

public sealed class RawJsonTests
{
    [Theory]
    [InlineData("""{"b":1.0,"a":1e2,"n":null}""")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("""["\u00e4","\/",{"A":[]}]""")]
    [InlineData("null")]
    public void What_was_sent_comes_back_byte_for_byte(string json)
    {
        var raw = JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.RawJson);
        Assert.Equal(json, JsonSerializer.Serialize(raw, ProtocolJsonContext.Default.RawJson));
    }

    [Fact]
    public void The_default_value_is_the_literal_null() => Assert.Equal("null", default(RawJson).Text);
}
