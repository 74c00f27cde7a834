using System.Text.Json;
using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>Body of every request that creates a run (wire-contract 4.1; schemas <c>RunCreate</c> and <c>RunStream</c>).</summary>
/// <remarks>Unknown fields are kept in <c>kwargs</c> and otherwise ignored.</remarks>
public record RunCreate
{
    /// <summary>An assistant's UUID or a graph id.</summary>
    public string? AssistantId { get; init; }

    /// <summary>The Agent Protocol name of <see cref="AssistantId"/>; the default agent when both are absent.</summary>
    public string? AgentId { get; init; }

    /// <summary>The thread to run on; the path wins on thread routes.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary>Any JSON; an object's <c>messages</c> are merged into the thread.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Messages, appended to those of <see cref="Input"/>.</summary>
    public JsonElement? Messages { get; init; }

    /// <summary>An object to keep with the run.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary><c>tags</c>, <c>recursion_limit</c>, <c>configurable</c> and more.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Static context for the agent.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>What happens to runs in flight; <c>enqueue</c> by default.</summary>
    public MultitaskStrategy? MultitaskStrategy { get; init; }

    /// <summary>One mode or several of <c>values</c> (default), <c>updates</c>, <c>messages</c>, <c>messages-tuple</c>, <c>custom</c>, <c>events</c>, <c>tasks</c>, <c>checkpoints</c>, <c>debug</c>, <c>tools</c>, <c>progress</c>.</summary>
    [JsonConverter(typeof(OneOrManyConverter))]
    public IReadOnlyList<string>? StreamMode { get; init; }

    /// <summary><c>create</c> or <c>reject</c> (default): what to do when the thread does not exist.</summary>
    public string? IfNotExists { get; init; }

    /// <summary>Start no earlier than this many seconds from now.</summary>
    public double? AfterSeconds { get; init; }

    /// <summary>How long it may take: positive numbers of seconds. What is absent follows its agent and the server.</summary>
    public RunTimeouts? Timeouts { get; init; }

    /// <summary><c>cancel</c> or <c>continue</c>: what to do when the creating stream or wait is dropped.</summary>
    public string? OnDisconnect { get; init; }

    /// <summary>Whether the client intends to re-attach; every stream can be resumed here.</summary>
    public bool? StreamResumable { get; init; }

    /// <summary><c>async</c> (default), <c>sync</c> (a step is committed before the next begins) or <c>exit</c>. In every mode a step is committed at the latest when the next one is written, which for <c>exit</c> is more than was asked for.</summary>
    public string? Durability { get; init; }

    /// <summary><c>resume</c> with an answer, <c>update</c> the state (wire-contract 5.9).</summary>
    public JsonElement? Command { get; init; }

    /// <summary>Steps to stop before: <c>"*"</c> or a list of names.</summary>
    public JsonElement? InterruptBefore { get; init; }

    /// <summary>Steps to stop after, when another one follows: <c>"*"</c> or a list of names.</summary>
    public JsonElement? InterruptAfter { get; init; }

    /// <summary>The checkpoint to start from: an object with <c>checkpoint_id</c>.</summary>
    public JsonElement? Checkpoint { get; init; }

    /// <summary>The older form of <see cref="Checkpoint"/>: its id.</summary>
    public JsonElement? CheckpointId { get; init; }

    /// <summary>An older form of <see cref="Durability"/>: true for <c>async</c>, false for <c>exit</c>.</summary>
    public bool? CheckpointDuring { get; init; }

    /// <summary>The address to call when the run has ended: an http or https URI, or a path of this server; 1 to 65536 characters.</summary>
    public string? Webhook { get; init; }

    /// <summary><c>delete</c> or <c>keep</c>: what happens to the thread when the run has ended. Without a thread <c>delete</c> is the default, and <c>keep</c> leaves an ordinary thread; on a thread only an explicit <c>delete</c> counts.</summary>
    public JsonElement? OnCompletion { get; init; }
}
