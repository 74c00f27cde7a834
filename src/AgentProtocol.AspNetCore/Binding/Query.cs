using System.Globalization;
using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Query parameters in the two dialects of the SDKs (wire-contract 1.2).</summary>
internal static class Query
{
    private static readonly JsonDocumentOptions DocumentOptions = new()
    {
        MaxDepth = ProtocolJsonContext.MaxDepth,
        AllowDuplicateProperties = false,
    };

    extension(HttpRequest request)
    {
        /// <summary>False when absent, also as <c>0</c> or empty.</summary>
        public bool QueryFlag(string name) => request.Query[name].LastOrDefault()?.ToLowerInvariant() switch
        {
            "1" or "true" or "yes" or "on" => true,
            null or "" or "0" or "false" or "no" or "off" => false,
            _ => throw ProtocolException.InvalidQuery(name, "must be true or false"),
        };

        public int QueryInt(string name, int fallback, int min, int max)
        {
            var text = request.Query[name].LastOrDefault();
            if (string.IsNullOrEmpty(text))
            {
                return fallback;
            }

            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
                ? value
                : throw ProtocolException.InvalidQuery(name, Limits.Describe(min, max));
        }

        public T? QueryEnum<T>(string name)
            where T : struct, Enum
        {
            var text = request.Query[name].LastOrDefault();
            if (string.IsNullOrEmpty(text))
            {
                return null;
            }

            return WireEnum.TryParse<T>(text, out var value)
                ? value
                : throw ProtocolException.InvalidQuery(name, $"must be one of {string.Join(", ", WireEnum.Texts(typeof(T)))}");
        }

        /// <summary>A list as a JSON array, comma-joined, repeated, or all of these; null when absent or empty.</summary>
        public IReadOnlyList<string>? QueryList(string name)
        {
            List<string>? values = null;
            foreach (var text in request.Query[name])
            {
                if (!string.IsNullOrWhiteSpace(text))
                {
                    (values ??= []).AddRange(text.StartsWith('[') ? JsonList(name, text) : Split(text));
                }
            }

            return values is { Count: > 0 } ? values : null;
        }

        /// <summary>A JSON object; null when absent.</summary>
        public JsonElement? QueryObject(string name)
        {
            var text = request.Query[name].LastOrDefault();
            if (string.IsNullOrEmpty(text))
            {
                return null;
            }

            var element = Parse(name, text, "must be a JSON object");
            return element.ValueKind switch
            {
                JsonValueKind.Object => element,
                JsonValueKind.Null => null,
                _ => throw ProtocolException.InvalidQuery(name, "must be a JSON object"),
            };
        }
    }

    private static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string[] JsonList(string name, string text)
    {
        const string Problem = "must be a list of strings";
        return Parse(name, text, Problem, list => list.EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw ProtocolException.InvalidQuery(name, Problem))
            .ToArray());
    }

    private static JsonElement Parse(string name, string text, string problem) => Parse(name, text, problem, element => element.Clone());

    private static T Parse<T>(string name, string text, string problem, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(text, DocumentOptions);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is what JsonElement throws for text that holds half of a surrogate pair.
            throw ProtocolException.InvalidQuery(name, problem);
        }
    }
}
