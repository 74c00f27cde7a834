using System.Text.Json;
using Microsoft.Extensions.AI;
using NJsonSchema;

namespace AgentProtocol.Agents.Llm;

/// <summary>The form that final answers have to have: JSON that satisfies a schema.</summary>
internal sealed class OutputFormat
{
    /// <summary>The key of the state that the value of the answer is put into.</summary>
    public const string Key = "structured_response";

    private const int MostComplaints = 10;

    private readonly JsonElement schema;
    private readonly JsonSchema compiled;

    /// <exception cref="AgentConfigurationException">The schema is none.</exception>
    public OutputFormat(JsonElement schema)
    {
        this.schema = schema;
        compiled = Mistake(schema) is { } mistake
            ? throw new AgentConfigurationException($"The output schema is not a JSON Schema: {mistake}".ReplaceLineEndings(" "))
            : Compile(schema);
        Requested = ChatResponseFormat.ForJsonSchema(schema, "answer");
    }

    /// <summary>For servers that can make a model keep to it.</summary>
    public ChatResponseFormat Requested { get; }

    /// <summary>For all others, what the model is told of it.</summary>
    public string Instructions =>
        $"Your final answer must be one JSON value and nothing else, without any text before or behind it. It must satisfy this JSON Schema: {schema.GetRawText()}";

    /// <summary>What the model is told when its answer will not do.</summary>
    public static string Repair(string complaint) =>
        $"Your answer was not accepted: {complaint} Give the answer again as one JSON value that satisfies the schema, and nothing else.";

    /// <summary>What is wrong with an answer; null when it will do.</summary>
    public string? Complaint(string answer)
    {
        if (Parse(answer) is not { } value)
        {
            return "It is not JSON.";
        }

        var errors = compiled.Validate(value.GetRawText());
        return errors.Count == 0 ? null : string.Join(' ', errors.Take(MostComplaints).Select(error => $"{error.Path}: {error.Kind}."));
    }

    /// <summary>The value of an answer; null when it is no JSON. Many models put it into a block of Markdown whatever they are told.</summary>
    public static JsonElement? Parse(string answer)
    {
        var text = answer.Trim();
        if (text.StartsWith("```", StringComparison.Ordinal) && text.EndsWith("```", StringComparison.Ordinal) && text.IndexOf('\n') is > 0 and var line)
        {
            text = text[line..^3];
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with a schema; null when answers can be checked against it.</summary>
    public static string? Mistake(JsonElement schema)
    {
        try
        {
            _ = Compile(schema);
            return null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The parser has many ways to fail, and whatever it was, the schema is what has to be mended.
            return exception.Message;
        }
    }

    /// <summary>Without references to other documents nothing in it waits.</summary>
    private static JsonSchema Compile(JsonElement schema) => JsonSchema.FromJsonAsync(schema.GetRawText()).GetAwaiter().GetResult();
}
