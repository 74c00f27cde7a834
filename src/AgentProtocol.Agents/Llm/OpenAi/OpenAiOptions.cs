using Microsoft.Extensions.AI;
using OpenAI.Chat;
using OpenAiResponseFormat = OpenAI.Chat.ChatResponseFormat;
using ResponseFormat = Microsoft.Extensions.AI.ChatResponseFormat;

namespace AgentProtocol.Agents.Llm.OpenAi;

#pragma warning disable OPENAI001, SCME0001 // Experimental in the package, where it is the only way to these members of the request.

/// <summary>Translates what a call asks for.</summary>
internal static class OpenAiOptions
{
    /// <summary>The options of a request.</summary>
    public static ChatCompletionOptions From(ChatOptions? options, OpenAiEndpoint endpoint)
    {
        ChatCompletionOptions request = new();
        if (options is null)
        {
            return request;
        }

        request.Temperature = options.Temperature;
        request.TopP = options.TopP;
        request.FrequencyPenalty = options.FrequencyPenalty;
        request.PresencePenalty = options.PresencePenalty;
        request.Seed = options.Seed;
        request.ReasoningEffortLevel = Effort(options.Reasoning?.Effort);
        request.ResponseFormat = Format(options.ResponseFormat);
        foreach (var stop in options.StopSequences ?? [])
        {
            request.StopSequences.Add(stop);
        }

        AddLimit(request, options.MaxOutputTokens, endpoint);
        AddTools(request, options);
        return request;
    }

    private static void AddLimit(ChatCompletionOptions request, int? limit, OpenAiEndpoint endpoint)
    {
        if (endpoint.SaysMaxCompletionTokens)
        {
            request.MaxOutputTokenCount = limit;
        }
        else if (limit is { } tokens)
        {
            request.Patch.Set("$.max_tokens"u8, tokens);
        }
    }

    private static void AddTools(ChatCompletionOptions request, ChatOptions options)
    {
        foreach (var tool in options.Tools ?? [])
        {
            request.Tools.Add(tool is AIFunctionDeclaration function
                ? ChatTool.CreateFunctionTool(function.Name, function.Description, BinaryData.FromString(function.JsonSchema.GetRawText()))
                : throw new AgentException($"The tool {tool.Name} is not a function, and chat completions know nothing else."));
        }

        // Without tools both are refused.
        if (request.Tools.Count > 0)
        {
            request.AllowParallelToolCalls = options.AllowMultipleToolCalls;
            request.ToolChoice = options.ToolMode switch
            {
                NoneChatToolMode => ChatToolChoice.CreateNoneChoice(),
                AutoChatToolMode => ChatToolChoice.CreateAutoChoice(),
                RequiredChatToolMode { RequiredFunctionName: { } name } => ChatToolChoice.CreateFunctionChoice(name),
                RequiredChatToolMode => ChatToolChoice.CreateRequiredChoice(),
                _ => null,
            };
        }
    }

    private static OpenAiResponseFormat? Format(ResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } json => OpenAiResponseFormat.CreateJsonSchemaFormat(
            json.SchemaName ?? "answer", BinaryData.FromString(schema.GetRawText()), json.SchemaDescription),
        ChatResponseFormatJson => OpenAiResponseFormat.CreateJsonObjectFormat(),
        ChatResponseFormatText => OpenAiResponseFormat.CreateTextFormat(),
        _ => null,
    };

    private static ChatReasoningEffortLevel? Effort(ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.None => ChatReasoningEffortLevel.None,
        ReasoningEffort.Low => ChatReasoningEffortLevel.Low,
        ReasoningEffort.Medium => ChatReasoningEffortLevel.Medium,
        ReasoningEffort.High => ChatReasoningEffortLevel.High,
        ReasoningEffort.ExtraHigh => ChatReasoningEffortLevel.ExtraHigh,

        // The type converts texts, and would take a bare null for one.
        _ => (ChatReasoningEffortLevel?)null,
    };
}
