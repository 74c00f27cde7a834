using System.Text.Json;

namespace AgentProtocol.Agents.Tests;

public class MessageTextTests
{
    [Theory]
    [InlineData("""{"content":"hello"}""", "hello")]
    [InlineData("""{"content":[{"type":"text","text":"a"},{"type":"image_url","text":"no"},{"type":"text","text":"b"},"c"]}""", "a\nb\nc")]
    [InlineData("""{"content":[{"type":"text"},{"type":"text","text":7},null,3,[]]}""", "")]
    [InlineData("""{"content":[]}""", "")]
    [InlineData("""{"content":null}""", "")]
    [InlineData("""{"content":{"text":"no"}}""", "")]
    [InlineData("""{"content":42}""", "")]
    [InlineData("{}", "")]
    [InlineData("null", "")]
    [InlineData("\"text\"", "")]
    public void Text_is_the_string_or_the_text_blocks_joined_by_newline(string message, string text) =>
        Assert.Equal(text, MessageText.Of(JsonElement.Parse(message)));

    [Theory]
    [InlineData(@"cut \ud83d", "cut \ufffd")]
    [InlineData(@"\ude00 cut", "\ufffd cut")]
    [InlineData(@"\ud83d\ud83d\ude00\ude00", "\ufffd\ud83d\ude00\ufffd")]
    [InlineData(@"\\ud83d \ud83d", "\\ud83d \ufffd")]
    [InlineData(@"\n\""\u00e4\uD83D", "\n\"ä\ufffd")]
    public void Half_a_surrogate_pair_becomes_the_replacement_character(string escaped, string text) =>
        Assert.Equal(text, MessageText.Of(JsonElement.Parse($$"""{"content":"{{escaped}}"}""")));
}
