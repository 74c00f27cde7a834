using System.Text.Json;
using AgentProtocol.Contracts.Store;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>The long-term store of the run's owner as tools, within one namespace.</summary>
internal sealed class StoreTools(IReadOnlyList<string> labels)
{
    private const int MostFound = 50;

    /// <summary>The tools.</summary>
    public IEnumerable<AIFunction> All =>
    [
        new DescribedTool("store_put", "Remembers an object under a key, beyond this conversation. What was under the key is replaced.", PutSchema, PutAsync),
        new DescribedTool("store_get", "Recalls the object that was remembered under a key.", KeySchema, GetAsync),
        new DescribedTool("store_search", "Lists what was remembered, the latest first, with its keys.", SearchSchema, SearchAsync),
        new DescribedTool("store_delete", "Forgets what was remembered under a key.", KeySchema, DeleteAsync),
    ];

    private static JsonElement KeySchema { get; } = JsonElement.Parse(
        """{"type":"object","properties":{"key":{"type":"string","description":"The key"}},"required":["key"]}"""u8);

    private static JsonElement PutSchema { get; } = JsonElement.Parse(
        """{"type":"object","properties":{"key":{"type":"string","description":"The key"},"value":{"type":"object","description":"What to remember"}},"required":["key","value"]}"""u8);

    private static JsonElement SearchSchema { get; } = JsonElement.Parse(
        """{"type":"object","properties":{"filter":{"type":"object","description":"Values that members of the objects must have"},"limit":{"type":"integer","minimum":1,"maximum":50}}}"""u8);

    private async Task<string> PutAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var value = DescribedTool.Argument(arguments, "value") is { ValueKind: JsonValueKind.Object } given
            ? given
            : throw new ToolException("The argument \"value\" must be an object.");
        StorePutRequest item = new() { Namespace = labels, Key = DescribedTool.Text(arguments, "key"), Value = value };
        await arguments.Run.Store.PutAsync(item, cancellationToken);
        return $"Remembered under \"{item.Key}\".";
    }

    private async Task<string> GetAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var key = DescribedTool.Text(arguments, "key");
        var item = await arguments.Run.Store.GetAsync(labels, key, cancellationToken);
        return item?.Value.Text ?? $"Nothing is remembered under \"{key}\".";
    }

    private async Task<string> SearchAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var limit = DescribedTool.Argument(arguments, "limit") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var given)
            ? Math.Clamp(given, 1, MostFound)
            : 10;
        StoreSearchRequest search = new() { NamespacePrefix = labels, Filter = DescribedTool.Argument(arguments, "filter"), Limit = limit };
        var found = await arguments.Run.Store.SearchAsync(search, cancellationToken);
        return found.Count == 0
            ? "Nothing was found."
            : string.Join('\n', found.Select(item => $"{item.Key}: {item.Value.Text}"));
    }

    private async Task<string> DeleteAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var key = DescribedTool.Text(arguments, "key");
        await arguments.Run.Store.DeleteAsync(labels, key, cancellationToken);
        return $"Forgotten: \"{key}\".";
    }
}
