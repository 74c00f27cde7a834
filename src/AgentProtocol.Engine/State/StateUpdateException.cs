namespace AgentProtocol.Engine.State;

/// <summary>An update cannot be merged: the part of it at <paramref name="path"/> is wrong.</summary>
/// <param name="path">Where in the update, in wire names and indexes, for example <c>messages.0.role</c>.</param>
/// <param name="problem">What is wrong, as the rest of a sentence that begins with the path.</param>
internal sealed class StateUpdateException(string path, string problem) : Exception($"{path}: {problem}")
{
    public string Path { get; } = path;

    public string Problem { get; } = problem;
}
