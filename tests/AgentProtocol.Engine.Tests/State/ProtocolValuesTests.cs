using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

/// <summary>States as the streaming protocol shows them (wire-contract 6.11).</summary>
public sealed class ProtocolValuesTests
{
    [Theory]
    [InlineData("""{"additional_kwargs":{},"response_metadata":{},"tool_call_chunks":[1]}""", "")]
    [InlineData("""{"additional_kwargs":{"a":1},"response_metadata":{"m":1.0}}""", ""","additional_kwargs":{"a":1},"response_metadata":{"m":1.0}""")]
    [InlineData(
        """{"additional_kwargs":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"x\":1}"}}]}}""",
        ""","additional_kwargs":{},"tool_calls":[{"name":"f","args":{"x":1},"id":"c","type":"tool_call"}],"invalid_tool_calls":[]""")]
    [InlineData(
        """{"tool_calls":[],"additional_kwargs":{"k":1,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{x"}},7]}}""",
        ""","additional_kwargs":{"k":1},"tool_calls":[],"invalid_tool_calls":[{"name":"f","args":"{x","id":"c","type":"invalid_tool_call"},{"name":"","args":"","id":null,"type":"invalid_tool_call"}]""")]
    [InlineData(
        """{"tool_calls":[{"id":"own"}],"additional_kwargs":{"tool_calls":[{"id":"c"}]}}""",
        ""","tool_calls":[{"id":"own"}],"additional_kwargs":{"tool_calls":[{"id":"c"}]}""")]
    public void Messages_lose_what_is_empty_and_tool_calls_move_to_their_place(string extra, string shown)
    {
        var state = StateReducer.ApplyMessages(
            StateValues.Empty, JsonText.Parse($$"""[{"type":"human","id":"m","content":"",{{extra[1..^1]}} }]"""), "messages", new StateDelta());
        Assert.Equal($$"""{"messages":[{"type":"human","id":"m","role":"user","content":""{{shown}}}]}""", state.ToProtocolJson());
    }

    [Fact]
    public void Other_keys_are_shown_as_they_are_and_no_messages_not_at_all()
    {
        var state = StateReducer.Apply(StateValues.Empty, JsonText.Parse("""{"n":1.0,"o":{"tool_call_chunks":[]}}"""), new StateDelta());
        Assert.Equal("""{"n":1.0,"o":{"tool_call_chunks":[]}}""", state.ToProtocolJson());
    }
}
