namespace AgentProtocol.Bench.Protocol;

internal readonly record struct RunKey(string ThreadId, string RunId)
{
    public string Path => $"/threads/{ThreadId}/runs/{RunId}";
}
