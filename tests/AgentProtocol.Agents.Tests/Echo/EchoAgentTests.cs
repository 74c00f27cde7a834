using System.Text;
using AgentProtocol.Agents.Echo;
using static AgentProtocol.Agents.Tests.AgentRuns;

namespace AgentProtocol.Agents.Tests.Echo;

public class EchoAgentTests
{
    private readonly EchoAgent echo = new();

    [Fact]
    public async Task Answer_is_streamed_in_pieces_that_end_behind_a_blank_and_then_given_whole()
    {
        var events = await echo.EventsAsync(Saying("hello big  world"));

        var pieces = events[..^1].Cast<AgentEvent.MessageDelta>().ToList();
        Assert.Equal(["echo: ", "hello ", "big ", " ", "world"], pieces.Select(piece => piece.Text));
        var answer = events.Answer();
        Assert.Equal("echo: hello big  world", answer.Content());
        Assert.Equal("ai", answer.GetProperty("type").GetString());
        Assert.All(pieces, piece => Assert.Equal((answer.GetProperty("id").GetString(), "echo"), (piece.MessageId, piece.Node)));
        Assert.Equal("echo", Assert.IsType<AgentEvent.StateUpdate>(events[^1]).Node);
    }

    [Fact]
    public async Task Last_human_message_counts()
    {
        var context = On(Human("first"), Human("second"), """{"type":"ai","content":"third"}""", """{"type":"tool","content":"fourth"}""");

        Assert.Equal("echo: second", (await echo.EventsAsync(context)).Answer().Content());
    }

    [Fact]
    public async Task Blocks_of_text_are_joined_by_newline()
    {
        var context = On("""{"type":"human","content":[{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}]}""");

        Assert.Equal("echo: a\nb", (await echo.EventsAsync(context)).Answer().Content());
    }

    [Fact]
    public async Task Without_a_human_message_the_text_is_empty() =>
        Assert.Equal("echo: ", (await echo.EventsAsync(On("""{"type":"system","content":"x"}"""))).Answer().Content());

    [Fact]
    public async Task Every_attempt_gives_its_message_a_new_id()
    {
        var first = (await echo.EventsAsync(Saying("x"))).Answer().GetProperty("id").GetGuid();
        var second = (await echo.EventsAsync(Saying("x"))).Answer().GetProperty("id").GetGuid();

        Assert.NotEqual(first, second);
        Assert.Equal(7, first.Version);
    }

    [Fact]
    public async Task Text_comes_back_as_it_was()
    {
        const string Odd = "<b>\"ä\" \ud83d\ude00 \u0000 \\ \u2028 + '</b>";

        Assert.Equal("echo: " + Odd, (await echo.EventsAsync(Saying(Odd))).Answer().Content());
    }

    [Fact]
    public async Task Long_text_makes_a_bounded_number_of_pieces()
    {
        var text = new StringBuilder().Insert(0, "word ", 100_000).ToString();

        var events = await echo.EventsAsync(Saying(text));

        Assert.InRange(events.Count, 100, 510);
        Assert.Equal("echo: " + text, string.Concat(events.OfType<AgentEvent.MessageDelta>().Select(piece => piece.Text)));
        Assert.All(events.OfType<AgentEvent.MessageDelta>(), piece => Assert.EndsWith(" ", piece.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("fail", "failed")]
    [InlineData("fail out of paper", "out of paper")]
    public async Task Fail_ends_the_run_with_its_reason_and_is_not_retried(string text, string reason)
    {
        var failure = await Assert.ThrowsAsync<AgentException>(() => echo.EventsAsync(Saying(text)));

        Assert.Equal((reason, false), (failure.Message, failure.Retryable));
    }

    [Fact]
    public async Task Answer_that_an_earlier_attempt_has_given_is_not_repeated()
    {
        Assert.Empty(await echo.EventsAsync(Saying("hello") with { Attempt = 2, CompletedSteps = 1 }));
        Assert.Empty(await echo.EventsAsync(Saying("sleep 500") with { Attempt = 2, CompletedSteps = 1 }));
    }

    [Fact]
    public async Task Cancelled_run_says_nothing()
    {
        await using var events = echo.RunAsync(Saying("hello"), new CancellationToken(canceled: true)).GetAsyncEnumerator(TestToken);

        await Assert.ThrowsAsync<OperationCanceledException>(() => events.MoveNextAsync().AsTask());
    }
}
