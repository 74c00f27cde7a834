namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>idempotency_keys</c>: what a request with a key creates, or has created.</summary>
internal sealed class IdempotencyKeyRow
{
    public required string Owner { get; init; }

    public required string Key { get; init; }

    /// <summary>Which of several runs of one request; 0 where a request creates one thing.</summary>
    public int Item { get; init; }

    /// <summary><c>run</c> or <c>thread</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>SHA-256 of the request: the same key must not stand for two.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The reserved run id; null for a thread.</summary>
    public Guid? RunId { get; init; }

    /// <summary>The reserved thread id, or the thread of the run.</summary>
    public Guid ThreadId { get; init; }

    public DateTime CreatedAt { get; init; }
}
