using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

/// <summary>Merging updates (wire-contract 7.1 and 7.2).</summary>
public sealed class StateReducerTests
{
    [Theory]
    [InlineData("""{"role":"user","content":"x"}""", "human", "user")]
    [InlineData("""{"role":"human","content":"x"}""", "human", "user")]
    [InlineData("""{"role":"assistant","content":"x"}""", "ai", "assistant")]
    [InlineData("""{"role":"ai","content":"x"}""", "ai", "assistant")]
    [InlineData("""{"role":"system","content":"x"}""", "system", "system")]
    [InlineData("""{"role":"developer","content":"x"}""", "system", "system")]
    [InlineData("""{"role":"tool","content":"x","tool_call_id":"c"}""", "tool", "tool")]
    [InlineData("""{"role":"function","content":"x","name":"f"}""", "function", "function")]
    [InlineData("""{"type":"human","content":"x"}""", "human", "user")]
    [InlineData("""{"type":"AIMessageChunk","content":"x"}""", "ai", "assistant")]
    [InlineData("""{"type":"human","data":{"content":"x"}}""", "human", "user")]
    [InlineData("""{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":"x"}}""", "ai", "assistant")]
    [InlineData("""["human","x"]""", "human", "user")]
    [InlineData("\"x\"", "human", "user")]
    public void Every_accepted_form_becomes_the_one_outbound_form(string message, string type, string role)
    {
        var state = Apply(StateValues.Empty, $$"""{"messages":[{{message}}]}""");

        var stored = JsonText.Parse(Assert.Single(state.Messages.ToArray()).Json);
        Assert.Equal(
            (type, role, "x"),
            (stored.GetProperty("type").GetString(), stored.GetProperty("role").GetString(), stored.GetProperty("content").GetString()));
        Assert.Equal("{}", stored.GetProperty("additional_kwargs").GetRawText());
        Assert.Equal("{}", stored.GetProperty("response_metadata").GetRawText());
        Assert.Equal(type == "ai", stored.TryGetProperty("tool_calls", out _));
        Assert.True(Guid.TryParse(stored.GetProperty("id").GetString(), out _));
    }

    [Fact]
    public void One_message_may_stand_for_a_list_and_a_pair_in_a_list_is_not_a_message_of_two_strings()
    {
        Assert.Equal(["x"], Contents(Apply(StateValues.Empty, """{"messages":{"role":"user","content":"x"}}""")));
        Assert.Equal(["x"], Contents(Apply(StateValues.Empty, """{"messages":"x"}""")));
        Assert.Equal(["a", "b"], Contents(Apply(StateValues.Empty, """{"messages":["a","b"]}""")));
    }

    [Theory]
    [InlineData("""[{"role":"nobody","content":"x"}]""", "messages.0")]
    [InlineData("""["x",{"content":"x"}]""", "messages.1")]
    [InlineData("""[7]""", "messages.0")]
    [InlineData("""[{"role":"tool","content":"x"}]""", "messages.0")]
    [InlineData("""[{"role":"remove"}]""", "messages.0")]
    [InlineData("""[{"role":"remove","id":"unknown"}]""", "messages")]
    public void What_is_no_message_is_refused_with_its_place(string messages, string path)
    {
        var refused = Assert.Throws<StateUpdateException>(() => Apply(StateValues.Empty, $$"""{"messages":{{messages}}}"""));

        Assert.Equal(path, refused.Path);
    }

    [Fact]
    public void Content_blocks_and_unknown_members_stay_as_they_are()
    {
        var state = Apply(StateValues.Empty, """{"messages":[{"role":"user","id":"m","content":[{"type":"text","text":"x"}],"name":"n","own":1.50}]}""");

        Assert.Equal(
            """{"type":"human","id":"m","role":"user","content":[{"type":"text","text":"x"}],"name":"n","own":1.50,"additional_kwargs":{},"response_metadata":{}}""",
            state.Messages[0].Json);
    }

    [Fact]
    public void A_known_id_replaces_in_place_and_a_new_one_is_appended()
    {
        var state = Apply(StateValues.Empty, """{"messages":[{"role":"user","id":"a","content":"1"},{"role":"ai","id":"b","content":"2"}]}""");

        state = Apply(state, """{"messages":[{"role":"ai","id":"c","content":"3"},{"role":"user","id":"a","content":"4"}]}""");

        Assert.Equal(["4", "2", "3"], Contents(state));
    }

    [Fact]
    public void Remove_takes_one_message_and_remove_all_everything_before_it()
    {
        var state = Apply(StateValues.Empty, """{"messages":[{"role":"user","id":"a","content":"1"},{"role":"ai","id":"b","content":"2"}]}""");

        Assert.Equal(["2"], Contents(Apply(state, """{"messages":[{"type":"remove","id":"a"}]}""")));
        Assert.Equal(["3"], Contents(Apply(state, """{"messages":[{"type":"remove","id":"__remove_all__"},{"role":"user","content":"3"}]}""")));
        Assert.Empty(Contents(Apply(state, """{"messages":[{"role":"user","content":"3"},{"type":"remove","id":"__remove_all__"}]}""")));
    }

    [Fact]
    public void Other_keys_are_set_and_null_is_a_value()
    {
        var state = Apply(StateValues.Empty, """{"a":1,"b":{"c":[]}}""");

        Assert.Equal("""{"a":null,"b":{"c":[]},"d":false}""", Apply(state, """{"a":null,"d":false}""").ToJson());
        Assert.Same(state, Apply(state, "null"));
        Assert.Throws<StateUpdateException>(() => Apply(state, "[]"));
    }

    [Fact]
    public void A_key_that_is_not_unicode_is_refused()
    {
        Assert.Throws<StateUpdateException>(() => Apply(StateValues.Empty, """{"\ud800":1}"""));
    }

    [Theory]
    [InlineData("12345678901234567890.1234567890")]
    [InlineData("1e200000")]
    [InlineData("-0")]
    [InlineData("1.0")]
    [InlineData("null")]
    [InlineData("\"\\u0000 \\ud800 \\/ \\u00e9 \"")]
    [InlineData("[1,  2]")]
    [InlineData("{\"b\":1,\"a\":2}")]
    public void Values_come_back_as_they_were_written(string json)
    {
        var state = Apply(StateValues.Empty, $$"""{"k \" \u0001 é":{{json}},"messages":[{"role":"user","id":"m","content":"x","own":{{json}}}]}""", out var delta);

        Assert.Equal(json, state.Others[0].Value);
        Assert.Equal("k \" \u0001 é", state.Others[0].Key);
        Assert.Contains($"\"own\":{json}", state.Messages[0].Json, StringComparison.Ordinal);
        Assert.Equal(state.ToJson(), StateDelta.ReadSnapshot(state.ToJson()).ToJson());
        Assert.Equal(state.ToJson(), StateDelta.Replay(StateValues.Empty, delta.ToJson()).ToJson());
    }

    [Fact]
    public void Pretty_printed_json_becomes_one_line()
    {
        var state = Apply(StateValues.Empty, "{\n\"a\":{\r\n  \"b\": \"line\\nbreak\"\n},\"messages\":[{\n\"role\":\"user\",\"content\":[\n]}]}", out var delta);

        Assert.DoesNotContain('\n', state.ToJson());
        Assert.DoesNotContain('\n', delta.ToJson());
        Assert.Equal("line\nbreak", JsonText.Parse(state.ToJson()).GetProperty("a").GetProperty("b").GetString());
    }

    [Fact]
    public void Json_may_be_256_levels_deep()
    {
        var deep = new string('[', 254) + new string(']', 254);
        var state = Apply(StateValues.Empty, $$"""{"a":{{deep}},"messages":[{"role":"user","id":"m","content":{{deep[2..^2]}}}]}""", out var delta);

        Assert.Equal(state.ToJson(), StateDelta.Replay(StateValues.Empty, delta.ToJson()).ToJson());
        Assert.Equal(state.ToJson(), StateDelta.ReadSnapshot(state.ToJson()).ToJson());
    }

    private static StateValues Apply(StateValues state, string update) => Apply(state, update, out _);

    private static StateValues Apply(StateValues state, string update, out StateDelta delta) =>
        StateReducer.Apply(state, JsonText.Parse(update), delta = new StateDelta());

    private static IEnumerable<string?> Contents(StateValues state) =>
        [.. state.Messages.ToArray().Select(message => JsonText.Parse(message.Json).GetProperty("content").GetString())];
}
