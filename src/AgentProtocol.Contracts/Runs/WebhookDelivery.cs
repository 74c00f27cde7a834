using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>One attempt to deliver a run's webhook (wire-contract 5.13; the log is ours).</summary>
public sealed record WebhookDelivery
{
    /// <summary>Its number, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>When it was begun, UTC.</summary>
    public required DateTime SentAt { get; init; }

    /// <summary>The status that the target answered with; null when it did not answer.</summary>
    public required int? StatusCode { get; init; }

    /// <summary>Why there was no answer, or why it did not count; null otherwise.</summary>
    public required string? Error { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public required int DurationMs { get; init; }

    /// <summary>What follows.</summary>
    public required WebhookOutcome Outcome { get; init; }
}

/// <summary>What follows an attempt to deliver a webhook.</summary>
[JsonConverter(typeof(WireEnumConverter<WebhookOutcome>))]
public enum WebhookOutcome
{
    /// <summary>Nothing: the target has it.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>Another attempt.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Nothing more: it was refused, unwanted, or tried too often.</summary>
    [JsonStringEnumMemberName("given_up")]
    GivenUp,
}
