using AgentProtocol.Engine.Execution.Projections;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution.Projections;

/// <summary>The blocks of a message (wire-contract 6.11).</summary>
public sealed class ContentBlocksTests
{
    private const string TextStart = """{"type":"text","text":""}""";

    [Fact]
    public void Text_is_one_block() => AssertBlocks(
        """{"content":"hi"}""", (TextStart, """{"type":"text-delta","text":"hi"}""", """{"type":"text","text":"hi"}"""));

    [Fact]
    public void A_text_block_keeps_its_other_members_at_its_end() => AssertBlocks(
        """{"content":[{"type":"text","text":"hi","citations":[1]},"more"]}""",
        (TextStart, """{"type":"text-delta","text":"hi"}""", """{"type":"text","text":"hi","citations":[1]}"""),
        (TextStart, """{"type":"text-delta","text":"more"}""", """{"type":"text","text":"more"}"""));

    [Fact]
    public void Other_blocks_begin_complete() => AssertBlocks(
        """{"content":[{"type":"image","url":"u"},{"type":"text"},7]}""",
        ("""{"type":"image","url":"u"}""", null, """{"type":"image","url":"u"}"""),
        ("""{"type":"text"}""", null, """{"type":"text"}"""),
        ("7", null, "7"));

    [Fact]
    public void Tool_calls_come_last_and_instead_of_empty_text() => AssertBlocks(
        """{"content":"","tool_calls":[{"id":"c","name":"f","args":{"x":1.0}},{}]}""",
        ("""{"type":"tool_call_chunk","id":"c","name":"f","args":""}""", """{"type":"block-delta","fields":{"type":"tool_call_chunk","args":"{\"x\":1.0}"}}""",
            """{"type":"tool_call","id":"c","name":"f","args":{"x":1.0}}"""),
        ("""{"type":"tool_call_chunk","id":null,"name":"","args":""}""", """{"type":"block-delta","fields":{"type":"tool_call_chunk","args":"{}"}}""",
            """{"type":"tool_call","id":null,"name":"","args":{}}"""));

    [Theory]
    [InlineData("""{"content":""}""", "")]
    [InlineData("""{"content":null}""", "null")]
    [InlineData("""{"content":{"a":1}}""", "{\\\"a\\\":1}")]
    public void A_message_has_at_least_one_block(string message, string text) => AssertBlocks(
        message, (TextStart, $$"""{"type":"text-delta","text":"{{text}}"}""", $$"""{"type":"text","text":"{{text}}"}"""));

    private static void AssertBlocks(string message, params (string, string?, string)[] expected) =>
        Assert.Equal(expected, ContentBlocks.Of(JsonText.Parse(message)).Select(block => (block.Start, block.Delta, block.Finish)));
}
