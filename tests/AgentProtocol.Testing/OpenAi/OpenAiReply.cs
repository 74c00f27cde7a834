using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.Testing.OpenAi;

/// <summary>One answer of the stub.</summary>
public sealed class OpenAiReply
{
    private readonly int status = StatusCodes.Status200OK;
    private readonly IReadOnlyList<string> chunks;
    private readonly string? errorBody;
    private readonly Ending ending;
    private readonly TaskCompletionSource drop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource clientLeft = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OpenAiReply(IReadOnlyList<string> chunks, Ending ending)
    {
        this.chunks = chunks;
        this.ending = ending;
    }

    private OpenAiReply(int status, string errorBody)
    {
        this.status = status;
        this.errorBody = errorBody;
        chunks = [];
    }

    private enum Ending
    {
        Done,
        Dropped,
        Endless,
    }

    /// <summary>Completes when the client of an <see cref="Endless"/> reply has closed the connection.</summary>
    public Task ClientLeft => clientLeft.Task;

    /// <summary>A whole answer in these pieces, 11 tokens in and 7 out.</summary>
    public static OpenAiReply Saying(params string[] pieces) => Chunks([.. pieces.Select(Piece), Finish("stop"), Usage(11, 7)]);

    /// <summary>These chunks, as they are, and the end of the stream.</summary>
    public static OpenAiReply Chunks(params string[] chunks) => new(chunks, Ending.Done);

    /// <summary>Nothing but a broken connection.</summary>
    public static OpenAiReply Dropping() => new([], Ending.Dropped);

    /// <summary>These pieces, and then silence until the client leaves or the test calls <see cref="Drop"/>.</summary>
    public static OpenAiReply Endless(params string[] pieces) => new([.. pieces.Select(Piece)], Ending.Endless);

    /// <summary>A status with OpenAI's error body.</summary>
    public static OpenAiReply Refusing(int status, string message) =>
        RefusingWith(status, JsonSerializer.Serialize(new { error = new { message, type = "stub_error", code = (string?)null } }));

    /// <summary>A status with any body.</summary>
    public static OpenAiReply RefusingWith(int status, string body) => new(status, body);

    /// <summary>A chunk with a piece of text.</summary>
    public static string Piece(string text) => Delta(new { content = text }, finishReason: null);

    /// <summary>A chunk with a piece of a refusal.</summary>
    public static string Refusal(string text) => Delta(new { refusal = text }, finishReason: null);

    /// <summary>The chunk that ends the answer.</summary>
    public static string Finish(string reason) => Delta(new { }, reason);

    /// <summary>The chunk that counts tokens; it has no choices.</summary>
    public static string Usage(int input, int output) => Chunk(
        [], new { prompt_tokens = input, completion_tokens = output, total_tokens = input + output });

    /// <summary>Breaks the connection of an <see cref="Endless"/> reply. Only a client that has read the pieces has surely got them: a reset may overtake them.</summary>
    public void Drop() => drop.TrySetResult();

    internal async Task SendAsync(HttpContext context)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = errorBody is null ? "text/event-stream" : "application/json";
        if (errorBody is not null)
        {
            await context.Response.WriteAsync(errorBody);
            return;
        }

        foreach (var chunk in chunks)
        {
            await context.Response.WriteAsync($"data: {chunk}\n\n");
            await context.Response.Body.FlushAsync();
        }

        switch (ending)
        {
            case Ending.Done:
                await context.Response.WriteAsync("data: [DONE]\n\n");
                break;
            case Ending.Dropped:
                context.Abort();
                break;
            case Ending.Endless:
                context.RequestAborted.Register(() => clientLeft.TrySetResult());
                await Task.WhenAny(clientLeft.Task, drop.Task);
                context.Abort();
                break;
        }
    }

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
