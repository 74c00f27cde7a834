using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Server;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Contracts.Streaming;
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
[JsonSerializable(typeof(AgentSchema))]
[JsonSerializable(typeof(AgentSearchRequest))]
[JsonSerializable(typeof(Assistant))]
[JsonSerializable(typeof(IReadOnlyList<Assistant>))]
[JsonSerializable(typeof(AssistantCreate))]
[JsonSerializable(typeof(AssistantGraph))]
[JsonSerializable(typeof(AssistantPatch))]
[JsonSerializable(typeof(AssistantSchemas))]
[JsonSerializable(typeof(AssistantSearchRequest))]
[JsonSerializable(typeof(IReadOnlyList<AssistantVersion>))]
[JsonSerializable(typeof(AssistantVersionChange))]
[JsonSerializable(typeof(AssistantVersionsRequest))]
[JsonSerializable(typeof(Cron))]
[JsonSerializable(typeof(IReadOnlyList<Cron>))]
[JsonSerializable(typeof(CronCreate))]
[JsonSerializable(typeof(CronPatch))]
[JsonSerializable(typeof(CronSearchRequest))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(EventStreamRequest))]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(ListNamespaceResponse))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(OkResponse))]
[JsonSerializable(typeof(RawJson))]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(IReadOnlyList<Run>))]
[JsonSerializable(typeof(RunCreate))]
[JsonSerializable(typeof(IReadOnlyList<RunCreate>))]
[JsonSerializable(typeof(RunsCancel))]
[JsonSerializable(typeof(RunSearchRequest))]
[JsonSerializable(typeof(RunUpdate))]
[JsonSerializable(typeof(IReadOnlyList<RunUpdate>))]
[JsonSerializable(typeof(RunUpdateCreate))]
[JsonSerializable(typeof(RunWaitResponse))]
[JsonSerializable(typeof(SearchItemsResponse))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(StoreDeleteRequest))]
[JsonSerializable(typeof(StoreListNamespacesRequest))]
[JsonSerializable(typeof(StorePutRequest))]
[JsonSerializable(typeof(StoreSearchRequest))]
[JsonSerializable(typeof(StreamingCommand))]
[JsonSerializable(typeof(StreamingErrorResponse))]
[JsonSerializable(typeof(StreamingEvent))]
[JsonSerializable(typeof(StreamingSuccessResponse))]
[JsonSerializable(typeof(Thread))]
[JsonSerializable(typeof(IReadOnlyList<Thread>))]
[JsonSerializable(typeof(ThreadCreate))]
[JsonSerializable(typeof(ThreadHistoryRequest))]
[JsonSerializable(typeof(ThreadPatch))]
[JsonSerializable(typeof(ThreadPruneRequest))]
[JsonSerializable(typeof(ThreadPruneResponse))]
[JsonSerializable(typeof(ThreadSearchRequest))]
[JsonSerializable(typeof(ThreadState))]
[JsonSerializable(typeof(ThreadStatePatch))]
[JsonSerializable(typeof(ThreadStateRequest))]
[JsonSerializable(typeof(ThreadStateUpdate))]
[JsonSerializable(typeof(ThreadStateUpdateResponse))]
[JsonSerializable(typeof(IReadOnlyList<WebhookDelivery>))]
public sealed partial class ProtocolJsonContext : JsonSerializerContext
{
    /// <summary>How deep JSON may nest, in both directions (wire-contract 1.1).</summary>
    public const int MaxDepth = 256;
}
