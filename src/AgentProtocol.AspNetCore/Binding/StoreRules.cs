using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Store;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>How items of the store are named in a query (wire-contract 9). What names may be is the store's own matter.</summary>
internal static class StoreRules
{
    /// <summary>
    /// SDKs join labels with dots, and the Agent Protocol repeats the parameter: one value is split, several are labels.
    /// None, or an empty one, is the root.
    /// </summary>
    public static IReadOnlyList<string> ReadNamespace(HttpRequest request) => request.Query["namespace"] switch
    {
        { Count: 0 } or [null or ""] => [],
        [var joined] => joined!.Split('.'),
        var labels => [.. labels.Select(label => label ?? "")],
    };

    /// <exception cref="ProtocolException">400 without a key, which wire-contract 1.3 sets apart from invalid ones.</exception>
    public static string ReadKey(HttpRequest request) => request.Query["key"].LastOrDefault() is { Length: > 0 } key
        ? key
        : throw new ProtocolException(
            ErrorCode.BadRequest, "key: must be given", [new FieldError(["query", "key"], "must be given", "missing")]);

    /// <summary>Null when it is not said, which is not the same as no.</summary>
    public static bool? ReadRefresh(HttpRequest request) =>
        request.Query.ContainsKey("refresh_ttl") ? request.QueryFlag("refresh_ttl") : null;

    /// <summary>The body, or the query of clients that send no body with a DELETE.</summary>
    public static StoreDeleteRequest ReadDelete(StoreDeleteRequest body, HttpRequest request) =>
        body.Key is null && body.Namespace is null && request.Query.ContainsKey("key")
            ? new StoreDeleteRequest { Namespace = ReadNamespace(request), Key = ReadKey(request) }
            : body;
}
