using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>Signatures after Standard Webhooks, so that receivers can use its libraries.</summary>
internal static class WebhookSignature
{
    private const string Prefix = "whsec_";

    /// <summary>Whether it is a secret of that form, or none.</summary>
    public static bool IsSecret(string? text) => string.IsNullOrEmpty(text) || ReadKey(text) is { Length: >= 24 and <= 64 };

    /// <summary>The key of a secret; null when there is none.</summary>
    public static byte[]? ReadKey(string? secret)
    {
        if (string.IsNullOrEmpty(secret) || !secret.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) ? key[..length] : null;
    }

    /// <summary>The value of the header <c>Webhook-Signature</c>.</summary>
    public static string Sign(byte[] key, string id, long timestamp, byte[] body)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, content));
    }
}
