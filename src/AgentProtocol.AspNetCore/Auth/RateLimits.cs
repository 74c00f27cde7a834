using System.Globalization;
using System.Threading.RateLimiting;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>
/// Bounds how many requests a key may begin in a second, and without keys how many an address may. Only what was let in
/// counts: probes are free, and refusing somebody costs less than counting him. A stream counts once, when it begins; on a WebSocket each command counts.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<HttpContext>? limiter;

    public RateLimits(IOptions<LimitsOptions> options)
    {
        if (options.Value is { RequestsPerSecond: > 0 and var rate, RequestBurst: var burst })
        {
            var bucket = new TokenBucketRateLimiterOptions
            {
                ReplenishmentPeriod = Period,
                TokensPerPeriod = rate,
                TokenLimit = burst > 0 ? burst : rate,
            };
            limiter = PartitionedRateLimiter.Create<HttpContext, string>(context => context.Features.Get<CallerIdentity>() is { } caller
                ? RateLimitPartition.GetTokenBucketLimiter(PartitionOf(context, caller), _ => bucket)
                : RateLimitPartition.GetNoLimiter(""));
        }
    }

    /// <summary>Whether there is anything to do for requests.</summary>
    public bool IsOn => limiter is not null;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        using var lease = limiter!.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var told) && told > Period ? told : Period;
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        await ErrorAnswer.WriteAsync(context, ErrorCode.RateLimited, "Too many requests: wait as long as Retry-After says");
    }

    /// <summary>Counts what comes over a connection that is open, as if it were a request of its own.</summary>
    /// <returns>False when it is one too many.</returns>
    public bool Admits(HttpContext context)
    {
        using var lease = limiter?.AttemptAcquire(context);
        return lease is not { IsAcquired: false };
    }

    public void Dispose() => limiter?.Dispose();

    /// <summary>Owners of keys and addresses never meet: a key has a prefix, and the words in front differ.</summary>
    private static string PartitionOf(HttpContext context, CallerIdentity caller) =>
        caller.Key is { } key ? $"key {key}"
        : caller.IsAnonymous ? $"address {context.Connection.RemoteIpAddress}"
        : $"owner {caller.Owner}";
}
