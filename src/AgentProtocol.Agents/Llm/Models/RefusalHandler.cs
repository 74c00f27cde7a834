using System.Globalization;
using System.Text;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>
/// Throws a <see cref="RefusedRequestException"/> for every status that is no success. Each provider's package has exceptions
/// of its own for that, and not all of them keep the headers; caught here, all providers' refusals are one thing.
/// </summary>
internal sealed class RefusalHandler : DelegatingHandler
{
    private const int LongestBody = 16 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new RefusedRequestException((int)response.StatusCode, await BodyAsync(response, cancellationToken), RetryAfter(response));
        }
    }

    private static async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LongestBody];
        var length = await body.ReadAtLeastAsync(buffer, LongestBody, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.Headers.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.First(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue));
        }

        // A date is a moment of the server's clock, so it is that clock which says how far away it is.
        var header = response.Headers.RetryAfter;
        return header?.Delta ?? (header?.Date - response.Headers.Date);
    }
}
