using System.Text;
using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>The answer of a model while it arrives.</summary>
internal sealed class LlmAnswer
{
    private readonly StringBuilder text = new();
    private readonly List<FunctionCallContent> calls = [];
    private UsageDetails? usage;
    private string? model;
    private ChatFinishReason? finishReason;
    private bool refused;

    /// <summary>The tokens that were consumed, if the model said so.</summary>
    public AgentEvent.Usage? Usage =>
        usage is null ? null : new AgentEvent.Usage(usage.InputTokenCount ?? 0, usage.OutputTokenCount ?? 0);

    /// <summary>What it says so far.</summary>
    public string Text => text.ToString();

    /// <summary>Whether it calls tools, and so is not the last one.</summary>
    public bool HasCalls => calls.Count > 0;

    /// <summary>Whether it was ended by something else than the model.</summary>
    private bool IsCutOff => finishReason == ChatFinishReason.Length || finishReason == ChatFinishReason.ContentFilter;

    /// <summary>Takes in the next part and returns the text in it.</summary>
    public string Add(ChatResponseUpdate update)
    {
        model ??= update.ModelId;
        finishReason = update.FinishReason ?? finishReason;
        var length = text.Length;
        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case FunctionCallContent { InformationalOnly: false } call:
                    calls.Add(call);
                    break;
                case ErrorContent refusal:
                    // A refusal is an answer: whoever delegated the work has to read it, not to find an empty message.
                    refused = true;
                    text.Append(refusal.Message);
                    break;
                case UsageContent counted:
                    // Some servers repeat the sum so far in every part, so the last one counts, not their sum.
                    usage = counted.Details;
                    break;
            }
        }

        return text.ToString(length, text.Length - length);
    }

    /// <summary>Refuses an answer that was cut off or says nothing.</summary>
    public void ThrowIfUnusable()
    {
        if (finishReason is null)
        {
            throw new AgentException("The model's answer ended before it was complete.", retryable: true);
        }

        if (text.Length == 0 && !HasCalls)
        {
            // Only an ordinary stop may come out differently the next time.
            throw new AgentException(
                $"The model gave an empty answer (finish reason \"{finishReason}\").",
                retryable: finishReason == ChatFinishReason.Stop);
        }
    }

    /// <summary>The message that is added to the thread (wire-contract 7.3).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="messageId">Its id.</param>
    /// <param name="isTaken">Whether an earlier answer has used an id for a call.</param>
    public void WriteMessage(Utf8JsonWriter writer, string messageId, Func<string, bool> isTaken)
    {
        var content = Text;
        writer.WriteStartObject();
        writer.WriteString("type"u8, "ai"u8);
        writer.WriteString("id"u8, messageId);
        writer.WriteString("content"u8, content);
        AnswerCalls.Write(writer, IsCutOff ? [.. calls.Select(Whole)] : calls, isTaken);
        if (refused)
        {
            writer.WriteStartObject("additional_kwargs"u8);
            writer.WriteString("refusal"u8, content);
            writer.WriteEndObject();
        }

        WriteUsage(writer);
        writer.WriteStartObject("response_metadata"u8);
        writer.WriteString("model_name"u8, model);
        writer.WriteString("finish_reason"u8, finishReason?.Value);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>
    /// A call of an answer that was cut off, or what is to be said about it: arguments that are an object have come to their end,
    /// and those that are empty or no JSON may be the beginning of any.
    /// </summary>
    private FunctionCallContent Whole(FunctionCallContent call) => call is { Exception: null, Arguments.Count: > 0 } ? call : WrittenArguments.Malformed(
        call.CallId,
        call.Name,
        WrittenArguments.RawOf(call) ?? "",
        new FormatException($"The answer was cut off (finish reason \"{finishReason}\") before this call was complete, so that it was not made. Write less in one answer."));

    private void WriteUsage(Utf8JsonWriter writer)
    {
        if (Usage is not { } tokens)
        {
            return;
        }

        writer.WriteStartObject("usage_metadata"u8);
        writer.WriteNumber("input_tokens"u8, tokens.InputTokens);
        writer.WriteNumber("output_tokens"u8, tokens.OutputTokens);
        writer.WriteNumber("total_tokens"u8, usage!.TotalTokenCount ?? tokens.InputTokens + tokens.OutputTokens);
        writer.WriteEndObject();
    }
}
