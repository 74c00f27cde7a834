using AgentProtocol.Agents;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>The stream mode <c>events</c>: the callbacks of a LangChain runnable, as far as an agent has them (wire-contract 6.3).</summary>
internal sealed class CallbackFrames(ClaimedRun run, FrameBuffer frames)
{
    private readonly HashSet<string> open = [];
    private readonly Dictionary<string, string> tools = [];

    public void Begin() => Add("on_chain_start", run.Order!.Agent, "{}", "{}");

    public void BeginStep(StepFact step) => Add("on_chain_start", step.Node, Node(step.Node), "{}");

    public void AddDelta(AgentEvent.MessageDelta delta)
    {
        if (open.Add(delta.MessageId))
        {
            Add("on_chat_model_start", delta.Node, Node(delta.Node), "{}");
        }

        Add("on_chat_model_stream", delta.Node, Node(delta.Node), $"{{\"chunk\":{MessageFrames.Chunk(delta.MessageId, delta.Text, "AIMessageChunk")}}}");
    }

    public void CompleteMessages(string node, IReadOnlyList<StateMessage> changed)
    {
        foreach (var message in changed.Where(message => open.Remove(message.Id)))
        {
            Add("on_chat_model_end", node, Node(node), $"{{\"output\":{message.Json}}}");
        }
    }

    public void AddTool(AgentEvent.Tool tool)
    {
        switch (tool)
        {
            case AgentEvent.ToolStarted started:
                tools[tool.CallId] = started.Name;
                Add("on_tool_start", started.Name, "{}", $"{{\"input\":{ToolText.Json(started.Input)}}}");
                break;

            case AgentEvent.ToolFinished finished:
                Add("on_tool_end", NameOf(tool), "{}", $"{{\"output\":{ToolText.Json(finished.Output)}}}");
                break;

            case AgentEvent.ToolFailed failed:
                Add("on_tool_error", NameOf(tool), "{}", $"{{\"error\":{JsonText.Quote(failed.Message)}}}");
                break;
        }
    }

    public void EndStep(StepFact step, StepUpdate update) => Add("on_chain_end", step.Node, Node(step.Node), $"{{\"output\":{update.ToObject()}}}");

    public void End(RunOutcome outcome)
    {
        if (outcome.ErrorType is null)
        {
            Add("on_chain_end", run.Order!.Agent, "{}", "{}");
        }
    }

    /// <summary>A call that an earlier attempt began has only its id.</summary>
    private string NameOf(AgentEvent.Tool tool) => tools.Remove(tool.CallId, out var name) ? name : tool.CallId;

    private static string Node(string node) => $$"""{"langgraph_node":{{JsonText.Quote(node)}}}""";

    private void Add(string name, string of, string metadata, string data) => frames.AddMode(
        "events",
        $$"""{"event":"{{name}}","name":{{JsonText.Quote(of)}},"run_id":"{{run.RunId}}","tags":[],"metadata":{{metadata}},"parent_ids":[],"data":{{data}}}""");
}
