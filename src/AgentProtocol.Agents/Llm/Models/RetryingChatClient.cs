using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Retry;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>
/// Asks a model again when its server could not answer, as long as nothing of an answer has been passed on. After that only
/// the run can begin anew: what was streamed has been read.
/// </summary>
internal sealed class RetryingChatClient : DelegatingChatClient
{
    private const int Tries = 4;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly ResiliencePropertyKey<ILogger> LogKey = new("log");

    private readonly ResiliencePipeline<OpenAnswer> pipeline;
    private readonly ILogger log = NullLogger.Instance;

    /// <param name="model">The model, whose failures are <see cref="AgentException"/>s.</param>
    /// <param name="time">The clock that delays are waited for with.</param>
    public RetryingChatClient(IChatClient model, TimeProvider time)
        : base(model) =>
        pipeline = new ResiliencePipelineBuilder<OpenAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<OpenAnswer>
            {
                MaxRetryAttempts = Tries - 1,
                ShouldHandle = static tried => ValueTask.FromResult(tried.Outcome.Exception is ModelUnavailableException),
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(1),
                MaxDelay = LongestDelay,

                // Runs that failed together must not come back together.
                UseJitter = true,
                DelayGenerator = static tried => ValueTask.FromResult(Asked(tried.Outcome.Exception)),
                OnRetry = static retry =>
                {
                    var log = retry.Context.Properties.GetValue(LogKey, null!);
                    ModelCallLog.ModelIsAskedAgain(log, retry.Outcome.Exception!.Message, retry.RetryDelay, retry.AttemptNumber + 2, Tries);
                    return default;
                },
            })
            .Build();

    private RetryingChatClient(IChatClient model, ResiliencePipeline<OpenAnswer> pipeline, ILogger log)
        : base(model) =>
        (this.pipeline, this.log) = (pipeline, log);

    /// <summary>The same model, for one run: what happens to its calls is written to the run's log.</summary>
    public RetryingChatClient WritingTo(ILogger run) => new(InnerClient, pipeline, run);

    /// <inheritdoc />
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc />
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A sequence may be one that can be read once.
        IReadOnlyList<ChatMessage> history = [.. messages];
        await using var answer = await OpenAsync(history, options, cancellationToken);
        foreach (var update in answer.Beginning)
        {
            yield return update;
        }

        while (await answer.Rest.MoveNextAsync())
        {
            yield return answer.Rest.Current;
        }
    }

    private async Task<OpenAnswer> OpenAsync(IReadOnlyList<ChatMessage> history, ChatOptions? options, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(LogKey, log);
        try
        {
            return await pipeline.ExecuteAsync(
                async attempt => await OpenAnswer.BeginAsync(
                    InnerClient.GetStreamingResponseAsync(history, options, attempt.CancellationToken).GetAsyncEnumerator(attempt.CancellationToken)),
                context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>How long the server asked to be left alone; null when it said nothing, for a delay that doubles.</summary>
    private static TimeSpan? Asked(Exception? failure) =>
        failure is ModelUnavailableException { RetryAfter: { } asked } && asked >= TimeSpan.Zero
            ? (asked < LongestDelay ? asked : LongestDelay)
            : null;

    /// <summary>An answer of which something has arrived.</summary>
    private sealed record OpenAnswer(List<ChatResponseUpdate> Beginning, IAsyncEnumerator<ChatResponseUpdate> Rest) : IAsyncDisposable
    {
        public static async Task<OpenAnswer> BeginAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
        {
            List<ChatResponseUpdate> beginning = [];
            try
            {
                // Servers open with parts that say nothing; one that fails behind them has not begun to answer.
                while (!beginning.Exists(SaysSomething) && await updates.MoveNextAsync())
                {
                    beginning.Add(updates.Current);
                }

                return new OpenAnswer(beginning, updates);
            }
            catch
            {
                await updates.DisposeAsync();
                throw;
            }
        }

        public ValueTask DisposeAsync() => Rest.DisposeAsync();

        private static bool SaysSomething(ChatResponseUpdate update) =>
            update.FinishReason is not null || update.Contents.Any(content => content is not TextContent { Text: "" } and not UsageContent);
    }
}
