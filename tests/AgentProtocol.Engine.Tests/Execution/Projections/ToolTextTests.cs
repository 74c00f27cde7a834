using AgentProtocol.Agents;
using AgentProtocol.Engine.Execution.Projections;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution.Projections;

/// <summary>Tool calls in both projections (wire-contract 6.3, 6.11).</summary>
public sealed class ToolTextTests
{
    public static TheoryData<AgentEvent.Tool, string, string> Facts => new()
    {
        {
            new AgentEvent.ToolStarted("c\"1", "f", JsonText.Parse("{\n\"x\": 1.0}")),
            """{"event":"on_tool_start","toolCallId":"c\"1","name":"f","input":{ "x": 1.0}}""",
            """{"event":"tool-started","tool_call_id":"c\"1","tool_name":"f","input":{ "x": 1.0}}"""
        },
        {
            new AgentEvent.ToolStarted("c", "f", default),
            """{"event":"on_tool_start","toolCallId":"c","name":"f","input":null}""",
            """{"event":"tool-started","tool_call_id":"c","tool_name":"f","input":null}"""
        },
        {
            new AgentEvent.ToolOutput("c", JsonText.Parse("[1]")),
            """{"event":"on_tool_event","toolCallId":"c","data":[1]}""",
            """{"event":"tool-output-delta","tool_call_id":"c","delta":[1]}"""
        },
        {
            new AgentEvent.ToolFinished("c", JsonText.Parse("\"done\"")),
            """{"event":"on_tool_end","toolCallId":"c","output":"done"}""",
            """{"event":"tool-finished","tool_call_id":"c","output":"done"}"""
        },
        {
            new AgentEvent.ToolFailed("c", "no\nway"),
            """{"event":"on_tool_error","toolCallId":"c","error":"no\nway"}""",
            """{"event":"tool-error","tool_call_id":"c","message":"no\nway"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public void Each_fact_has_its_text_on_one_line(AgentEvent.Tool fact, string mode, string protocol)
    {
        Assert.Equal(mode, ToolText.ForMode(fact));
        Assert.Equal(protocol, ToolText.ForProtocol(fact));
    }

    [Fact]
    public void A_lost_call_says_so() => Assert.Equal(
        """{"event":"tool-error","tool_call_id":"c","message":"m","code":"attempt_lost"}""", ToolText.ProtocolError("c", "m", "attempt_lost"));
}
