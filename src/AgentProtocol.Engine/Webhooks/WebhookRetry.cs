using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>What a target, or the way to it, answered.</summary>
/// <param name="StatusCode">Its status; null when there was no answer.</param>
/// <param name="Error">Why there was none, for people.</param>
/// <param name="RetryAfter">How long it wants to be left alone.</param>
/// <param name="IsRefused">Whether it was not called, because it must not be.</param>
internal sealed record WebhookAnswer(int? StatusCode, string? Error = null, TimeSpan? RetryAfter = null, bool IsRefused = false);

/// <summary>What follows an attempt. No I/O, no clock.</summary>
internal static class WebhookRetry
{
    private const int Gone = 410;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>A target that asks for more is asked again after this all the same.</summary>
    private static readonly TimeSpan LongestWished = TimeSpan.FromDays(1);

    public static WebhookOutcome Outcome(WebhookAnswer answer, int attempt, int maxAttempts) =>
        answer.StatusCode is >= 200 and < 300 ? WebhookOutcome.Delivered
        : answer.IsRefused || answer.StatusCode == Gone || attempt >= maxAttempts ? WebhookOutcome.GivenUp
        : WebhookOutcome.Failed;

    /// <summary>The pause behind an attempt: 5 s doubling to 1 h, up to a fifth more or less, and no less than what the target asks for.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="wish">What the target asks for.</param>
    /// <param name="random">From 0 to 1, so that targets that were away are not called in step.</param>
    public static TimeSpan Delay(int attempt, TimeSpan? wish, double random)
    {
        var delay = First * Math.Pow(2, Math.Min(attempt - 1, 20));
        var own = (delay < Longest ? delay : Longest) * (0.8 + (0.4 * random));
        var wished = wish is { } time && time < LongestWished ? time : wish is null ? TimeSpan.Zero : LongestWished;
        return own > wished ? own : wished;
    }
}
