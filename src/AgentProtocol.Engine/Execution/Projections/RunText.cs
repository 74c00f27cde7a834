using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution.Projections;

/// <summary>JSON about a run and its checkpoints that several stream modes show.</summary>
internal sealed class RunText(ClaimedRun run)
{
    /// <summary>The members of LangGraph's metadata of a step, without the braces.</summary>
    public string StepMembers(string node, int step) =>
        $"\"langgraph_node\":{JsonText.Quote(node)},\"langgraph_step\":{step},{Members},\"tags\":[]";

    /// <summary>A reference to a checkpoint (wire-contract 1.6).</summary>
    public string Checkpoint(Guid? id) => id is null ? "null"
        : $$"""{"thread_id":"{{run.ThreadId}}","checkpoint_ns":"","checkpoint_id":"{{id}}","checkpoint_map":null}""";

    /// <summary>The configuration that names a checkpoint.</summary>
    public string Config(Guid? id) => id is null ? "null"
        : $$$"""{"configurable":{"thread_id":"{{{run.ThreadId}}}","checkpoint_ns":"","checkpoint_id":"{{{id}}}"}}""";

    /// <summary>A checkpoint as stream modes show it, up to its values, which come last.</summary>
    public string CheckpointMembers(CheckpointFact checkpoint) =>
        $$"""
        {"config":{{Config(checkpoint.Id)}},"parent_config":{{Config(checkpoint.ParentId)}},"checkpoint":{{Checkpoint(checkpoint.Id)}},"parent_checkpoint":{{Checkpoint(checkpoint.ParentId)}},"metadata":{{Metadata(checkpoint)}},"next":{{Next(checkpoint)}},"tasks":{{Tasks(checkpoint)}},"values":
        """;

    private string Members =>
        $"\"run_id\":\"{run.RunId}\",\"thread_id\":\"{run.ThreadId}\",\"graph_id\":{JsonText.Quote(run.Order!.Agent)},\"assistant_id\":\"{run.Order.AssistantId}\"";

    private string Metadata(CheckpointFact checkpoint) =>
        $$"""{"source":"{{checkpoint.Source}}","step":{{checkpoint.Step}},"parents":{},{{Members}}}""";

    private static string Next(CheckpointFact checkpoint) => checkpoint.Next is { } next ? $"[{JsonText.Quote(next)}]" : "[]";

    private static string Tasks(CheckpointFact checkpoint) => checkpoint.Next is not { } next ? "[]"
        : $$"""[{"id":{{JsonText.Quote(TaskIds.For(checkpoint.Id, next))}},"name":{{JsonText.Quote(next)}},"interrupts":[],"state":null}]""";
}
