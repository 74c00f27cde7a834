using AgentProtocol.Agents;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>Decides where a run stops to wait for somebody (wire-contract 5.8).</summary>
/// <param name="request">Names the steps to stop before and after.</param>
/// <param name="firstNode">The agent's first step.</param>
/// <param name="resumeNode">The step that an earlier run stopped before; the run does not stop there again.</param>
internal sealed class PauseGate(RunRequest request, string firstNode, string? resumeNode)
{
    private readonly List<RunInterrupt> asked = [];
    private string node = resumeNode ?? firstNode;
    private string? entered = resumeNode ?? firstNode;
    private bool isAfter;

    /// <summary>Before the agent is asked for anything.</summary>
    public RunPause? AtStart() => resumeNode is null && request.StopsBefore(firstNode) ? new RunPause(firstNode, []) : null;

    /// <summary>
    /// The agent said something. A stop behind a step happens when the agent begins the next one: when none follows,
    /// there is nothing to wait for.
    /// </summary>
    public RunPause? Observe(AgentEvent happened)
    {
        switch (happened)
        {
            case AgentEvent.StepStarted step:
                var stops = isAfter || (step.Node != entered && request.StopsBefore(step.Node));
                (node, entered, isAfter) = (step.Node, null, false);
                return stops ? new RunPause(step.Node, []) : null;

            case AgentEvent.StateUpdate update:
                entered = null;
                isAfter = request.StopsAfter(update.Node);
                return null;

            case AgentEvent.Interrupt interrupt:
                asked.Add(new RunInterrupt(
                    PlainText.Clean(interrupt.Id ?? Guid.CreateVersion7().ToString()), JsonText.SingleLine(interrupt.Value.GetRawText())));
                return null;

            default:
                return null;
        }
    }

    /// <summary>The agent has nothing more to say; what it asked is open.</summary>
    public RunPause? AtEnd() => asked.Count == 0 ? null : new RunPause(node, asked);
}
