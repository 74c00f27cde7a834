using AgentProtocol.Agents;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.State;
using AgentProtocol.Testing.Time;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>When pages carry the message that is being written.</summary>
public sealed class PartialAnswerTests
{
    private readonly ManualTimeProvider time = new();

    [Fact]
    public void The_first_page_carries_it_and_later_ones_do_every_half_second()
    {
        var partial = new PartialAnswer(null, time);
        Assert.Null(partial.Take());
        partial.Add(Piece("a "));
        Assert.Equal("a ", Content(partial.Take()));
        partial.Add(Piece("b "));
        time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Null(partial.Take());
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("a b ", Content(partial.Take()));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(partial.Take());
    }

    [Fact]
    public void A_step_that_is_complete_before_a_page_is_written_costs_nothing()
    {
        var partial = new PartialAnswer(null, time);
        partial.Add(Piece("a"));
        partial.Clear();
        Assert.Null(partial.Take());
        Assert.Null(partial.Message);
    }

    [Fact]
    public void What_was_stored_goes_with_the_page_that_completes_the_step()
    {
        var partial = new PartialAnswer(null, time);
        partial.Add(Piece("a"));
        partial.Take();
        partial.Clear();
        Assert.Equal("", partial.Take());
        Assert.Null(partial.Take());
    }

    [Fact]
    public void Of_several_messages_the_one_that_has_grown_last_is_shown_whole()
    {
        var partial = new PartialAnswer(null, time);
        partial.Add(Piece("a", "m-1"));
        partial.Add(Piece("b", "m-2"));
        partial.Add(Piece("c", "m-1"));
        Assert.Equal(("m-1", "ac"), (partial.Message!.Id, Content(partial.Message.Json)));
    }

    [Fact]
    public void What_an_earlier_attempt_left_is_cleared_at_once_and_counts_until_this_one_speaks()
    {
        var partial = new PartialAnswer(PartialMessage.Write("m-0", "lost").Json, time);
        Assert.Equal("", partial.Take());
        Assert.Equal("m-0", partial.Message?.Id);
        partial.DropInherited();
        Assert.Null(partial.Message);
        Assert.Null(partial.Take());
    }

    private static AgentEvent.MessageDelta Piece(string text, string id = "m-1") => new("agent", id, text);

    private static string? Content(string? json) => json is null ? null : JsonText.Parse(json).GetProperty("content").GetString();
}
