namespace AgentProtocol.AspNetCore.Errors;

/// <summary>Marks an endpoint as one of ours, among those of the host.</summary>
internal sealed class ProtocolEndpoint
{
    public static readonly ProtocolEndpoint Instance = new();
}
