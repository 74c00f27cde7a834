namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>webhook_outbox</c>: calls that are owed to ended runs.</summary>
internal sealed class WebhookOutboxRow
{
    public Guid RunId { get; init; }

    public required string Owner { get; init; }

    /// <summary>Absolute, or a path of this server.</summary>
    public required string Url { get; init; }

    /// <summary>The host of <see cref="Url"/>; empty for this server.</summary>
    public required string Host { get; init; }

    /// <summary>The call's body but for the times, which are known to the columns and to the delivery.</summary>
    public required string Body { get; init; }

    /// <summary>How often a delivery was begun.</summary>
    public int Attempt { get; init; }

    /// <summary>Every write of a delivery must match it; it only grows.</summary>
    public int Fence { get; init; }

    /// <summary>When it may be claimed: while a delivery is under way, the end of its lease.</summary>
    public DateTime AvailableAt { get; init; }

    /// <summary>When the run was first claimed; null when it never was.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>When the run ended.</summary>
    public DateTime CreatedAt { get; init; }
}

/// <summary>Table <c>webhook_deliveries</c>: what became of each attempt to deliver.</summary>
internal sealed class WebhookDeliveryRow
{
    public Guid RunId { get; init; }

    public int Attempt { get; init; }

    public required string Owner { get; init; }

    public DateTime SentAt { get; init; }

    /// <summary>What the target answered; null when it did not.</summary>
    public int? StatusCode { get; init; }

    public string? Error { get; init; }

    public int DurationMs { get; init; }

    /// <summary><c>delivered</c>, <c>failed</c> (and repeated) or <c>given_up</c>.</summary>
    public required string Outcome { get; init; }
}
