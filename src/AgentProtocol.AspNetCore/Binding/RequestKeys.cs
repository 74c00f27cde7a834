using System.Security.Cryptography;
using System.Text;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>The header with which a caller may repeat a creating request (wire-contract 1.3, 13.5).</summary>
internal static class RequestKeys
{
    private const int MaxLength = 255;

    /// <summary>The key of a request, bound to its route and its body as it was sent; null without the header.</summary>
    /// <exception cref="ProtocolException">The header is not one key of 1 to 255 visible characters.</exception>
    public static IdempotencyKey? Read(HttpRequest request, RawJson body) =>
        request.Headers.ContainsKey(IdempotencyKey.Header) ? Read(request, Encoding.UTF8.GetBytes(body.Text)) : null;

    /// <inheritdoc cref="Read(HttpRequest, RawJson)"/>
    public static IdempotencyKey? Read(HttpRequest request, ReadOnlySpan<byte> body)
    {
        var values = request.Headers[IdempotencyKey.Header];
        if (values.Count == 0)
        {
            return null;
        }

        if (values is not [{ Length: >= 1 and <= MaxLength } key] || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw ProtocolException.InvalidHeader(IdempotencyKey.Header, $"must be one key of 1 to {MaxLength} visible ASCII characters");
        }

        // The path names the kind of request, and the thread where there is one.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}\n"));
        hash.AppendData(body);
        return new IdempotencyKey(key, hash.GetHashAndReset());
    }
}
