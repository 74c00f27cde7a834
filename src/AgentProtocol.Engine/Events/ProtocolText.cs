namespace AgentProtocol.Engine.Events;

/// <summary>What readers recognise in the data of the streaming protocol's events; the writer puts the member <c>event</c> first.</summary>
internal static class ProtocolText
{
    /// <summary>Whether a frame is the event that ends a run at the root (wire-contract 6.11).</summary>
    public static bool IsTerminal(in Frame frame) =>
        frame is { IsProtocol: true, Name: "lifecycle", Origin.Namespace.Count: 0 }
        && (Is(frame.Data, "completed") || Is(frame.Data, "failed") || Is(frame.Data, "interrupted"));

    /// <summary>Whether an event of channel <c>messages</c> leaves no message open.</summary>
    public static bool ClosesMessage(string data) => Is(data, "message-finish") || Is(data, "error");

    private static bool Is(string data, string name) => data.StartsWith($"{{\"event\":\"{name}\"", StringComparison.Ordinal);
}
