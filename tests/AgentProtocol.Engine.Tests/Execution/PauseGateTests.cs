using AgentProtocol.Agents;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Where runs stop (wire-contract 5.8). The agent of these tests takes the steps <c>agent</c> and <c>tools</c>.</summary>
public sealed class PauseGateTests
{
    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"interrupt_before":["agent"]}""", "agent")]
    [InlineData("""{"interrupt_before":"agent"}""", "agent")]
    [InlineData("""{"interrupt_before":"*"}""", "agent")]
    [InlineData("""{"interrupt_before":["tools","unknown"]}""", null)]
    [InlineData("""{"interrupt_after":"*"}""", null)]
    public void Before_the_first_step_it_stops_at_once(string request, string? node) => Assert.Equal(node, Gate(request).AtStart()?.Node);

    [Theory]
    [InlineData("""{"interrupt_before":["tools"]}""", "tools")]
    [InlineData("""{"interrupt_after":["agent"]}""", "tools")]
    [InlineData("""{"interrupt_after":"*"}""", "tools")]
    [InlineData("""{"interrupt_after":["tools"]}""", null)]
    [InlineData("""{"interrupt_before":["agent"]}""", null)]
    public void Between_two_steps_it_stops_when_the_next_one_begins(string request, string? node)
    {
        var gate = Gate(request);
        Assert.Null(gate.Observe(new AgentEvent.StepStarted("agent")));
        Assert.Null(gate.Observe(Update("agent")));
        Assert.Equal(node, gate.Observe(new AgentEvent.StepStarted("tools"))?.Node);
    }

    [Fact]
    public void Behind_the_last_step_nobody_is_waited_for()
    {
        var gate = Gate("""{"interrupt_after":"*"}""");
        gate.Observe(new AgentEvent.StepStarted("agent"));
        gate.Observe(Update("agent"));
        Assert.Null(gate.AtEnd());
    }

    [Fact]
    public void A_resumed_run_passes_the_step_it_stopped_before_once()
    {
        var gate = Gate("""{"interrupt_before":"*"}""", resumeNode: "tools");
        Assert.Null(gate.AtStart());
        Assert.Null(gate.Observe(new AgentEvent.StepStarted("tools")));
        Assert.Null(gate.Observe(Update("tools")));
        Assert.Equal("tools", gate.Observe(new AgentEvent.StepStarted("tools"))?.Node);
    }

    [Fact]
    public void An_agent_that_does_not_say_its_steps_stops_after_none()
    {
        var gate = Gate("""{"interrupt_after":"*"}""");
        Assert.Null(gate.Observe(Update("agent")));
        Assert.Null(gate.Observe(Update("agent")));
        Assert.Null(gate.AtEnd());
    }

    [Fact]
    public void Questions_are_collected_until_the_agent_is_silent_and_belong_to_its_step()
    {
        var gate = Gate("{}");
        gate.Observe(new AgentEvent.StepStarted("tools"));
        Assert.Null(gate.Observe(new AgentEvent.Interrupt(JsonText.Parse("""{"a": 1}"""), "first")));
        Assert.Null(gate.Observe(new AgentEvent.Interrupt(JsonText.Parse("2"))));

        var pause = gate.AtEnd();

        Assert.Equal("tools", pause?.Node);
        Assert.Equal(["""{"a": 1}""", "2"], pause!.Interrupts.Select(asked => asked.Value));
        Assert.Equal("first", pause.Interrupts[0].Id);
        Assert.True(Guid.TryParse(pause.Interrupts[1].Id, out _));
    }

    private static PauseGate Gate(string request, string? resumeNode = null) => new(RunRequest.Parse(request), "agent", resumeNode);

    private static AgentEvent.StateUpdate Update(string node) => new(node, JsonText.Parse("{}"));
}
