using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>Keeps what a model is given within its limit, by leaving out the results of the oldest tool calls.</summary>
/// <param name="tokens">The limit; null for none but the server's own.</param>
internal sealed class ContextWindow(int? tokens)
{
    // Until the model says what it has counted: about right for English, and short for most code.
    private double charactersPerToken = 4;

    /// <summary>Shortens what is too long. Says how many results were left out.</summary>
    /// <param name="messages">What the model is to be given; changed in place.</param>
    /// <param name="more">Characters that are sent along with it, such as descriptions of tools.</param>
    public int Fit(List<ChatMessage> messages, int more) =>
        tokens is { } limit ? Shorten(messages, (long)(limit * charactersPerToken) - more) : 0;

    /// <summary>After the server has called it too long, however it counts: to half of what it was.</summary>
    public static int FitHarder(List<ChatMessage> messages) => Shorten(messages, Length(messages) / 2);

    /// <summary>Learns from what the model has counted how long a token is.</summary>
    public void Learn(List<ChatMessage> messages, int more, long inputTokens)
    {
        if (inputTokens > 0)
        {
            charactersPerToken = Math.Clamp((double)(Length(messages) + more) / inputTokens, 1, 8);
        }
    }

    private static int Shorten(List<ChatMessage> messages, long limit)
    {
        var length = Length(messages);
        var shortened = 0;
        for (var index = 0; index < messages.Count && length > limit; index++)
        {
            if (messages[index].Contents is not [FunctionResultContent { Result: string text } result])
            {
                continue;
            }

            var line = $"[This result of {text.Length} characters is left out to keep within the context limit.]";
            if (line.Length < text.Length)
            {
                messages[index] = new ChatMessage(messages[index].Role, [new FunctionResultContent(result.CallId, line)]);
                length -= text.Length - line.Length;
                shortened++;
            }
        }

        return shortened;
    }

    private static long Length(List<ChatMessage> messages) => messages.Sum(message => message.Contents.Sum(LengthOf));

    private static long LengthOf(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        FunctionCallContent call => call.Name.Length + (call.Arguments?.Sum(argument => argument.Key.Length + ((JsonElement)argument.Value!).GetRawText().Length) ?? 0),
        FunctionResultContent { Result: string text } => text.Length,
        _ => 0,
    };
}
