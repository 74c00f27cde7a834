using System.Text.RegularExpressions;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Tests.Support;
using Xunit;

namespace AgentProtocol.Engine.Tests.Lifecycle;

public sealed partial class RunTransitionsTests
{
    [Fact]
    public void The_drawing_shows_exactly_the_table()
    {
        var drawn = Edge().Matches(RepositoryFiles.Read("docs", "run-lifecycle.md")).Select(match => match.Value.Trim()).Order();

        var table = RunTransitions.All.Select(edge => $"{edge.From} --> {edge.To}: {edge.Event.ToString().ToLowerInvariant()}")
            .Concat(RunTransitions.Initial.Select(state => $"[*] --> {state}"))
            .Concat(Enum.GetValues<RunState>().Where(state => state.IsTerminal).Select(state => $"{state} --> [*]"));
        Assert.Equal(table.Order(), drawn);
    }

    [Fact]
    public void The_page_explains_every_state_and_no_other()
    {
        var explained = Row().Matches(RepositoryFiles.Read("docs", "run-lifecycle.md")).Select(match => match.Groups[1].Value).Skip(1);

        Assert.Equal(Enum.GetNames<RunState>(), explained);
    }

    [Fact]
    public void Nothing_leads_out_of_an_end_and_everything_else_leads_somewhere()
    {
        foreach (var state in Enum.GetValues<RunState>())
        {
            Assert.Equal(!state.IsTerminal, RunTransitions.All.Any(edge => edge.From == state));
        }
    }

    [Fact]
    public void A_run_that_has_not_ended_can_always_be_cancelled_either_way()
    {
        foreach (var state in Enum.GetValues<RunState>().Where(state => !state.IsTerminal))
        {
            Assert.True(RunTransitions.Allows(state, RunState.Interrupted));
            Assert.True(RunTransitions.Allows(state, RunState.Erased));
        }
    }

    [Fact]
    public void The_slot_is_left_only_by_ending_and_taken_only_by_promotion()
    {
        foreach (var (from, @event, to) in RunTransitions.All)
        {
            Assert.Equal(to.IsTerminal && from.HoldsSlot, from.HoldsSlot && !to.HoldsSlot);
            Assert.Equal(@event == RunEvent.Promote, !from.HoldsSlot && to.HoldsSlot);
        }
    }

    [GeneratedRegex(@"^    \S+ --> [^\n]+", RegexOptions.Multiline)]
    private static partial Regex Edge();

    [GeneratedRegex(@"^\| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
