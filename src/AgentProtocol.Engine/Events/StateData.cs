namespace AgentProtocol.Engine.Events;

/// <summary>
/// Data of a frame that shows state. The log names the checkpoint instead of repeating the state:
/// <c>@id</c>, or <c>@id TAB suffix TAB prefix</c> when the state is a part of something larger.
/// </summary>
internal static class StateData
{
    private const char Mark = '@';
    private const int IdLength = 36;

    /// <summary>Data that is the state at a checkpoint.</summary>
    public static string Whole(Guid checkpointId) => Mark + checkpointId.ToString("D");

    /// <summary>Data that holds the state at a checkpoint between two pieces of JSON.</summary>
    public static string Within(Guid checkpointId, string prefix, string suffix) => $"{Mark}{checkpointId:D}\t{suffix}\t{prefix}";

    public static bool IsState(string data) => data[0] == Mark;

    /// <summary>The checkpoint, if this is data with a state.</summary>
    public static Guid? CheckpointOf(string data) => IsState(data) ? Guid.ParseExact(data.AsSpan(1, IdLength), "D") : null;

    /// <summary>The data with the state in its place.</summary>
    public static string Render(string data, string state)
    {
        if (data.Length <= IdLength + 1)
        {
            return state;
        }

        var parts = data.Split('\t', 3);
        return parts[2] + state + parts[1];
    }
}
