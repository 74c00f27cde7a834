using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Store;

namespace AgentProtocol.Engine.Store;

/// <summary>What may be asked of the store (wire-contract 9). Agents ask without HTTP, so the rules are here and not at its edge.</summary>
internal sealed class StoreChecks
{
    public const int MaxDepth = 32;

    private const int MaxLabelLength = 256;
    private const int MaxKeyLength = 1024;
    private const int MaxValueBytes = 1024 * 1024;
    private const int MaxLimit = 1000;

    /// <summary>What LangGraph keeps to itself.</summary>
    private const string ReservedRoot = "langgraph";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<FieldError> errors = [];
    private readonly string place;

    private StoreChecks(string place) => this.place = place;

    public static void Check(StorePutRequest request)
    {
        var checks = new StoreChecks("body");
        checks.Namespace("namespace", request.Namespace, isRequired: true);
        if (request.Namespace is [ReservedRoot, ..])
        {
            checks.Add("namespace", $"the first label must not be {ReservedRoot}");
        }

        checks.Key(request.Key);
        checks.Value(request.Value);
        checks.Index(request.Index);
        if (request.Ttl is { } ttl && !(ttl > 0 && ttl <= StoreOptions.MaxTtl))
        {
            checks.Add("ttl", $"must be a number of minutes above 0, at most {StoreOptions.MaxTtl:0}");
        }

        checks.ThrowIfAny();
    }

    public static void Check(StoreDeleteRequest request)
    {
        var checks = new StoreChecks("body");
        checks.Namespace("namespace", request.Namespace, isRequired: true);
        checks.Key(request.Key);
        checks.ThrowIfAny();
    }

    /// <summary>The namespace and the key of a query.</summary>
    public static void Check(IReadOnlyList<string> labels, string key)
    {
        var checks = new StoreChecks("query");
        checks.Namespace("namespace", labels);
        checks.Key(key);
        checks.ThrowIfAny();
    }

    public static void Check(StoreSearchRequest request)
    {
        var checks = new StoreChecks("body");
        checks.Namespace("namespace_prefix", request.NamespacePrefix);
        checks.Paging(request.Limit, request.Offset);
        checks.ThrowIfAny();
    }

    public static void Check(StoreListNamespacesRequest request)
    {
        var checks = new StoreChecks("body");
        checks.Namespace("prefix", request.Prefix);
        checks.Namespace("suffix", request.Suffix);
        if (request.MaxDepth < 1)
        {
            checks.Add("max_depth", "must be an integer of at least 1");
        }

        checks.Paging(request.Limit, request.Offset);
        checks.ThrowIfAny();
    }

    private void Namespace(string field, IReadOnlyList<string>? labels, bool isRequired = false)
    {
        if (isRequired && labels is null or [])
        {
            Add(field, "must have at least one label", labels is null ? "missing" : "value_error");
        }

        if (labels?.Count > MaxDepth)
        {
            Add(field, $"must have at most {MaxDepth} labels");
            return;
        }

        for (var i = 0; i < labels?.Count; i++)
        {
            if (ProblemOfLabel(labels[i]) is { } problem)
            {
                Add($"{field}.{i}", problem);
            }
        }
    }

    private static string? ProblemOfLabel(string? label) => label switch
    {
        null or "" => "a label must be a text that is not empty",
        { Length: > MaxLabelLength } => $"a label must have at most {MaxLabelLength} characters",
        _ when label.Contains('.') => "a label must not contain a dot",
        _ => ProblemOfText(label),
    };

    private void Key(string? key)
    {
        var problem = key switch
        {
            null or "" => "must be a text that is not empty",
            { Length: > MaxKeyLength } => $"must have at most {MaxKeyLength} characters",
            _ => ProblemOfText(key),
        };
        if (problem is not null)
        {
            Add("key", problem, key is null ? "missing" : "value_error");
        }
    }

    /// <summary>What neither PostgreSQL nor UTF-8 can hold.</summary>
    private static string? ProblemOfText(string text)
    {
        try
        {
            StrictUtf8.GetByteCount(text);
            return text.Contains('\0') ? "must not contain a NUL character" : null;
        }
        catch (EncoderFallbackException)
        {
            // Half of a surrogate pair is no character, which a look at the text cannot tell more simply.
            return "must not contain half of a surrogate pair";
        }
    }

    private void Value(JsonElement? value)
    {
        if (value is not { ValueKind: JsonValueKind.Object } element)
        {
            Add("value", "must be an object", value is null ? "missing" : "type_error");
        }
        else if (Encoding.UTF8.GetByteCount(element.GetRawText()) > MaxValueBytes)
        {
            Add("value", $"must have at most {MaxValueBytes} bytes");
        }
    }

    private void Index(JsonElement? index)
    {
        var isValid = index?.ValueKind switch
        {
            null or JsonValueKind.Null or JsonValueKind.False => true,
            JsonValueKind.Array => index.Value.EnumerateArray().All(path => path.ValueKind == JsonValueKind.String),
            _ => false,
        };
        if (!isValid)
        {
            Add("index", "must be false, null or a list of paths", "type_error");
        }
    }

    private void Paging(int? limit, int? offset)
    {
        if (limit is < 1 or > MaxLimit)
        {
            Add("limit", $"must be an integer from 1 to {MaxLimit}");
        }

        if (offset < 0)
        {
            Add("offset", "must be an integer of at least 0");
        }
    }

    private void Add(string field, string problem, string type = "value_error") =>
        errors.Add(new FieldError([place, .. field.Split('.')], problem, type));

    private void ThrowIfAny()
    {
        if (errors is [var first, ..])
        {
            throw new ProtocolException(ErrorCode.ValidationError, $"{string.Join('.', first.Loc.Skip(1))}: {first.Msg}", errors);
        }
    }
}
