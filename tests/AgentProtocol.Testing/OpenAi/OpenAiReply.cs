using System.Text.Json;
using AgentProtocol.Testing.Models;

namespace AgentProtocol.Testing.OpenAi;

/// <summary>One answer of the stub.</summary>
public sealed record OpenAiReply : ModelReply
{
    private OpenAiReply()
    {
    }

    /// <summary>A whole answer in these pieces, 11 tokens in and 7 out.</summary>
    public static OpenAiReply Saying(params string[] pieces) => Chunks([.. pieces.Select(Piece), Finish("stop"), Usage(11, 7)]);

    /// <summary>Calls of tools, their arguments in fragments, 11 tokens in and 7 out.</summary>
    public static OpenAiReply Calling(params (string Id, string Name, string Arguments)[] calls) => Chunks(
    [
        .. calls.SelectMany((call, index) => (IEnumerable<string>)
        [
            CallPiece(index, call.Id, call.Name, ""),
            .. call.Arguments.Chunk(4).Select(part => CallPiece(index, id: null, name: null, new string(part))),
        ]),
        Finish("tool_calls"),
        Usage(11, 7),
    ]);

    /// <summary>These chunks, as they are, and the end of the stream.</summary>
    public static OpenAiReply Chunks(params string[] chunks) => new() { Frames = [.. chunks.Select(Frame), "data: [DONE]\n\n"] };

    /// <summary>Nothing but a broken connection.</summary>
    public static OpenAiReply Dropping() => new() { End = Ending.Dropped };

    /// <summary>These pieces, and then silence until the client leaves or the test drops it.</summary>
    public static OpenAiReply Endless(params string[] pieces) => EndlessChunks([.. pieces.Select(Piece)]);

    /// <summary>These chunks, and then silence until the client leaves or the test drops it.</summary>
    public static OpenAiReply EndlessChunks(params string[] chunks) => new() { Frames = [.. chunks.Select(Frame)], End = Ending.Endless };

    /// <summary>A status with OpenAI's error body.</summary>
    public static OpenAiReply Refusing(int status, string message, string? code = null) =>
        RefusingWith(status, JsonSerializer.Serialize(new { error = new { message, type = "stub_error", code } }));

    /// <summary>What OpenAI says to too long a history.</summary>
    public static OpenAiReply Overflowing() => Refusing(400, "Your messages are too long for this model.", "context_length_exceeded");

    /// <summary>A status with any body.</summary>
    public static OpenAiReply RefusingWith(int status, string body) => new() { Status = status, ContentType = "application/json", Frames = [body] };

    /// <summary>A chunk with a piece of text.</summary>
    public static string Piece(string text) => Delta(new { content = text }, finishReason: null);

    /// <summary>A chunk with a fragment of a call.</summary>
    public static string CallPiece(int index, string? id, string? name, string? arguments) =>
        Delta(new { tool_calls = new[] { new { index, id, type = id is null ? null : "function", function = new { name, arguments } } } }, finishReason: null);

    /// <summary>A chunk with a piece of a refusal.</summary>
    public static string Refusal(string text) => Delta(new { refusal = text }, finishReason: null);

    /// <summary>The chunk that opens an answer and says nothing.</summary>
    public static string Role() => Delta(new { role = "assistant", content = "" }, finishReason: null);

    /// <summary>What servers send in the place of a chunk when they fail after the status.</summary>
    public static string Error(string message, string? type = null) => JsonSerializer.Serialize(new { error = new { message, type } });

    /// <summary>The chunk that ends the answer.</summary>
    public static string Finish(string reason) => Delta(new { }, reason);

    /// <summary>The chunk that counts tokens; it has no choices.</summary>
    public static string Usage(int input, int output) => Chunk(
        [], new { prompt_tokens = input, completion_tokens = output, total_tokens = input + output });

    private static string Frame(string chunk) => $"data: {chunk}\n\n";

    private static string Delta(object delta, string? finishReason) => Chunk([new { index = 0, delta, finish_reason = finishReason }], usage: null);

    private static string Chunk(object[] choices, object? usage) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-stub",
        @object = "chat.completion.chunk",
        created = 1,
        model = "stub-model-1",
        choices,
        usage,
    });
}
