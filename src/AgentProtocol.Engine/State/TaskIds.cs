namespace AgentProtocol.Engine.State;

/// <summary>Ids of tasks: a task is a step that starts from a checkpoint, and its id follows from both, the same in every read.</summary>
internal static class TaskIds
{
    public static string For(Guid? checkpointId, string node) => $"{checkpointId ?? Guid.Empty}:{node}";
}
