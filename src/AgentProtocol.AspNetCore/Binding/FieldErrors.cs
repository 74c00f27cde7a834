using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Collects what is wrong with the fields of a body, so that a caller hears all of it at once.</summary>
internal struct FieldErrors
{
    /// <summary>Whoever has more wrong than this has not one mistake in many places, but sends something else.</summary>
    private const int MaxErrors = 100;

    private List<FieldError>? errors;

    public void Add(string field, string problem, string type = "value_error")
    {
        errors ??= [];
        if (errors.Count < MaxErrors)
        {
            errors.Add(new FieldError(["body", .. field.Split('.')], problem, type));
        }
    }

    public readonly void ThrowIfAny()
    {
        if (errors is [var first, ..])
        {
            throw new ProtocolException(ErrorCode.ValidationError, $"{string.Join('.', first.Loc.Skip(1))}: {first.Msg}", errors);
        }
    }

    public void Paging(int? limit, int? offset)
    {
        if (limit is < 1 or > Binding.Limits.MaxLimit)
        {
            Add("limit", Binding.Limits.Describe(1, Binding.Limits.MaxLimit));
        }

        if (offset < 0)
        {
            Add("offset", Binding.Limits.Describe(0, int.MaxValue));
        }
    }

    public void Object(string field, JsonElement? value)
    {
        if (value is { ValueKind: not JsonValueKind.Object })
        {
            Add(field, "must be an object", "type_error");
        }
    }

    public void OneOf(string field, string? value, params ReadOnlySpan<string> allowed)
    {
        if (value is not null && !allowed.Contains(value))
        {
            Add(field, $"must be one of {string.Join(", ", allowed!)}");
        }
    }

    public void AtMost<T>(string field, IReadOnlyList<T>? values, int most)
    {
        if (values?.Count > most)
        {
            Add(field, $"must not have more than {most} items");
        }
    }

    public void AllOf(string field, IReadOnlyList<string>? values, IReadOnlySet<string> allowed)
    {
        foreach (var value in values ?? [])
        {
            if (!allowed.Contains(value))
            {
                Add(field, $"\"{value}\" is not one of {string.Join(", ", allowed)}");
            }
        }
    }

    /// <summary>Refuses a field whose effect a caller would miss, unless its value asks for nothing.</summary>
    public void NotSupported(string field, JsonElement? value)
    {
        if (value is { } element && !AsksNothing(element))
        {
            NotSupported(field);
        }
    }

    public void NotSupported(string field) => Add(field, "not supported yet", "not_supported");

    private static bool AsksNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => true,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.String => value.TextOrNull() == "",
        _ => false,
    };
}
