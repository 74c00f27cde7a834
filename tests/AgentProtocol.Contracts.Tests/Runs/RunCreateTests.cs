using System.Text.Json;
using AgentProtocol.Contracts.Runs;
using Xunit;

namespace AgentProtocol.Contracts.Tests.Runs;

public sealed class RunCreateTests
{
    [Theory]
    [InlineData("\"values\"", new[] { "values" })]
    [InlineData("""["values","updates"]""", new[] { "values", "updates" })]
    [InlineData("[]", new string[0])]
    [InlineData("null", null)]
    public void Stream_mode_may_be_one_or_many(string json, string[]? expected) =>
        Assert.Equal(expected, Parse($$"""{"stream_mode":{{json}}}""").StreamMode);

    [Theory]
    [InlineData("7")]
    [InlineData("""{"a":1}""")]
    [InlineData("""["values",7]""")]
    public void Stream_mode_of_another_shape_is_refused_at_its_path(string json)
    {
        var error = Assert.Throws<JsonException>(() => Parse($$"""{"stream_mode":{{json}}}"""));
        Assert.StartsWith("$.stream_mode", error.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_and_null_are_the_same() =>
        Assert.Equal(Parse("{}"), Parse("""{"input":null,"metadata":null,"multitask_strategy":null,"thread_id":null,"after_seconds":null}"""));

    [Theory]
    [InlineData("0")]
    [InlineData("\"0\"")]
    [InlineData("\"later\"")]
    public void A_strategy_is_one_of_its_texts(string json) =>
        Assert.Throws<JsonException>(() => Parse($$"""{"multitask_strategy":{{json}}}"""));

    private static RunCreate Parse(string json) => JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.RunCreate)!;
}
