using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Errors;

/// <summary>The <c>x-request-id</c> of every answer: the caller's own, else the trace, else the connection's count.</summary>
internal static class RequestIds
{
    public const string Header = "x-request-id";

    private const int MaxLength = 128;

    public static string Of(HttpContext context)
    {
        var sent = context.Request.Headers[Header];
        return sent.Count == 1 && IsPlain(sent[0]!) ? sent[0]! : Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
