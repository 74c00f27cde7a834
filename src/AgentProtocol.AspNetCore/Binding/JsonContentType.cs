using AgentProtocol.Contracts.Errors;
using Microsoft.Net.Http.Headers;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Which content types are read as JSON (wire-contract 1.1).</summary>
internal static class JsonContentType
{
    /// <exception cref="ProtocolException">415: the type is none of them.</exception>
    public static void Require(string? contentType)
    {
        if (!IsJson(contentType))
        {
            throw new ProtocolException(
                ErrorCode.UnsupportedMediaType, $"Content-Type {contentType} is not supported: send application/json");
        }
    }

    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType) || contentType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !IsUtf8(type))
        {
            return false;
        }

        return type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase)
            || (type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
                && type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)
        || HeaderUtilities.RemoveQuotes(type.Charset).Equals("us-ascii", StringComparison.OrdinalIgnoreCase);
}
