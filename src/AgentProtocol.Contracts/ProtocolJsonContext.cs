using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Server;
using AgentProtocol.Contracts.Threads;

namespace AgentProtocol.Contracts;

/// <summary>The only serializer context: it lists every type that goes over the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = MaxDepth)]
[JsonSerializable(typeof(Agent))]
[JsonSerializable(typeof(IReadOnlyList<Agent>))]
[JsonSerializable(typeof(AgentSearchRequest))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(OkResponse))]
[JsonSerializable(typeof(RawJson))]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(IReadOnlyList<Run>))]
[JsonSerializable(typeof(RunCreate))]
[JsonSerializable(typeof(IReadOnlyList<RunCreate>))]
[JsonSerializable(typeof(RunsCancel))]
[JsonSerializable(typeof(RunSearchRequest))]
[JsonSerializable(typeof(RunWaitResponse))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(Thread))]
[JsonSerializable(typeof(IReadOnlyList<Thread>))]
[JsonSerializable(typeof(ThreadCreate))]
[JsonSerializable(typeof(ThreadHistoryRequest))]
[JsonSerializable(typeof(ThreadPatch))]
[JsonSerializable(typeof(ThreadSearchRequest))]
[JsonSerializable(typeof(ThreadState))]
[JsonSerializable(typeof(IReadOnlyList<ThreadState>))]
[JsonSerializable(typeof(ThreadStatePatch))]
[JsonSerializable(typeof(ThreadStateRequest))]
[JsonSerializable(typeof(ThreadStateUpdate))]
[JsonSerializable(typeof(ThreadStateUpdateResponse))]
public sealed partial class ProtocolJsonContext : JsonSerializerContext
{
    /// <summary>How deep JSON may nest, in both directions (wire-contract 1.1).</summary>
    public const int MaxDepth = 256;
}
