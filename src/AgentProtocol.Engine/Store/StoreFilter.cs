using System.Collections.Frozen;
using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Store;

/// <summary>
/// Reads the filter of a search (wire-contract 9): a member of it is either a value that has to be contained, as in
/// searches for metadata, or an object of operators.
/// </summary>
internal static class StoreFilter
{
    private const int MaxConditions = 100;
    private const int MaxListed = 1000;

    private static readonly FrozenSet<string> Operators = FrozenSet.Create("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin");

    /// <exception cref="ProtocolException">It is no object, has an unknown operator or a wrong operand, or is too long.</exception>
    public static IReadOnlyList<StoreCondition> Read(JsonElement? filter)
    {
        if (filter is not { ValueKind: not JsonValueKind.Null } given)
        {
            return [];
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            throw ProtocolException.InvalidField("filter", "must be an object", "type_error");
        }

        // Nothing is kept of the copy: it says whether the database can compare with these values.
        JsonFilter.Copy(given, "filter");
        StoreCondition[] conditions = [.. given.EnumerateObject().SelectMany(ReadMember)];
        return conditions.Length <= MaxConditions
            ? conditions
            : throw ProtocolException.InvalidField("filter", $"must have at most {MaxConditions} conditions");
    }

    private static IEnumerable<StoreCondition> ReadMember(JsonProperty member) => IsOperators(member.Value)
        ? member.Value.EnumerateObject().Select(condition => ReadOperator(member.Name, condition))
        : [new StoreCondition(member.Name, "contains", $"{{{JsonText.Quote(member.Name)}:{member.Value.GetRawText()}}}")];

    private static bool IsOperators(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any(member => member.Name.StartsWith('$'));

    private static StoreCondition ReadOperator(string key, JsonProperty condition)
    {
        var (name, operand) = (condition.Name, condition.Value);
        var problem = name switch
        {
            _ when !Operators.Contains(name) => $"{name} is not one of {string.Join(", ", Operators.Order(StringComparer.Ordinal))}",
            "$in" or "$nin" when operand.ValueKind != JsonValueKind.Array || operand.GetArrayLength() > MaxListed =>
                $"{name} takes a list of at most {MaxListed} values",
            "$gt" or "$gte" or "$lt" or "$lte" when operand.ValueKind != JsonValueKind.Number => $"{name} takes a number",
            _ => null,
        };
        return problem is null
            ? new StoreCondition(key, name[1..], operand.GetRawText())
            : throw new ProtocolException(
                ErrorCode.ValidationError, $"filter.{key}: {problem}", [new FieldError(["body", "filter", key, name], problem, "value_error")]);
    }
}
