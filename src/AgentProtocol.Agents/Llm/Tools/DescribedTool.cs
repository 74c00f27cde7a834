using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>A tool that is described with a JSON Schema.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, for the model.</param>
/// <param name="schema">JSON Schema of its arguments.</param>
/// <param name="invoke">What it does.</param>
internal sealed class DescribedTool(
    string name, string description, JsonElement schema, Func<AIFunctionArguments, CancellationToken, Task<string>> invoke) : AIFunction
{
    /// <inheritdoc />
    public override string Name => name;

    /// <inheritdoc />
    public override string Description => description;

    /// <inheritdoc />
    public override JsonElement JsonSchema => schema;

    /// <inheritdoc />
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) =>
        await invoke(arguments, cancellationToken);

    /// <summary>An argument; null when the model has not given it.</summary>
    public static JsonElement? Argument(AIFunctionArguments arguments, string name) =>
        arguments.TryGetValue(name, out var value) && value is JsonElement { ValueKind: not JsonValueKind.Null } element ? element : null;

    /// <summary>An argument that is a text.</summary>
    /// <exception cref="ToolException">It is missing, or something else.</exception>
    public static string Text(AIFunctionArguments arguments, string name) =>
        Argument(arguments, name) is { ValueKind: JsonValueKind.String } text
            ? MessageText.Read(text)
            : throw new ToolException($"The argument \"{name}\" must be a text.");
}
