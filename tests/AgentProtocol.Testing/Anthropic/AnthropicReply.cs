using System.Text.Json;
using System.Text.Json.Nodes;
using AgentProtocol.Testing.Models;

namespace AgentProtocol.Testing.Anthropic;

/// <summary>One answer of the stub.</summary>
public sealed record AnthropicReply : ModelReply
{
    private AnthropicReply()
    {
    }

    /// <summary>A whole answer in these pieces, 11 tokens in and 7 out.</summary>
    public static AnthropicReply Saying(params string[] pieces) => Events([Start(), .. Text(0, pieces), .. Finish("end_turn")]);

    /// <summary>Calls of tools, their arguments in fragments, 11 tokens in and 7 out.</summary>
    public static AnthropicReply Calling(params (string Id, string Name, string Arguments)[] calls) => Events(
        [Start(), .. calls.SelectMany((call, index) => Call(index, call.Id, call.Name, call.Arguments)), .. Finish("tool_use")]);

    /// <summary>These events, as they are, and the end of the stream.</summary>
    public static AnthropicReply Events(params string[] events) => new() { Frames = events };

    /// <summary>Nothing but a broken connection.</summary>
    public static AnthropicReply Dropping() => new() { End = Ending.Dropped };

    /// <summary>These pieces, and then silence until the client leaves or the test drops it.</summary>
    public static AnthropicReply Endless(params string[] pieces) =>
        new() { Frames = [Start(), .. Text(0, pieces).SkipLast(1)], End = Ending.Endless };

    /// <summary>A status with Anthropic's error body.</summary>
    public static AnthropicReply Refusing(int status, string message, string type = "api_error") => RefusingWith(
        status, JsonSerializer.Serialize(new { type = "error", error = new { type, message } }));

    /// <summary>What Anthropic says to too long a history.</summary>
    public static AnthropicReply Overflowing() =>
        Refusing(400, "prompt is too long: 200001 tokens > 200000 maximum", "invalid_request_error");

    /// <summary>A status with any body.</summary>
    public static AnthropicReply RefusingWith(int status, string body) => new() { Status = status, ContentType = "application/json", Frames = [body] };

    /// <summary>The event that opens the answer.</summary>
    public static string Start() => Event("message_start", new
    {
        message = new
        {
            id = "msg_stub",
            type = "message",
            role = "assistant",
            model = "stub-model-1",
            content = Array.Empty<object>(),
            stop_reason = (string?)null,
            stop_sequence = (string?)null,
            usage = new { input_tokens = 11, output_tokens = 1 },
        },
    });

    /// <summary>A block of text in these pieces.</summary>
    public static IEnumerable<string> Text(int index, params string[] pieces) =>
    [
        Event("content_block_start", new { index, content_block = new { type = "text", text = "" } }),
        .. pieces.Select(text => Event("content_block_delta", new { index, delta = new { type = "text_delta", text } })),
        Event("content_block_stop", new { index }),
    ];

    /// <summary>A call, its arguments in fragments.</summary>
    public static IEnumerable<string> Call(int index, string id, string name, string arguments) =>
    [
        Event("content_block_start", new { index, content_block = new { type = "tool_use", id, name, input = new { } } }),
        .. arguments.Chunk(4).Select(part =>
            Event("content_block_delta", new { index, delta = new { type = "input_json_delta", partial_json = new string(part) } })),
        Event("content_block_stop", new { index }),
    ];

    /// <summary>The events that end the answer, with 7 tokens out.</summary>
    public static IEnumerable<string> Finish(string reason) =>
    [
        Event("message_delta", new { delta = new { stop_reason = reason, stop_sequence = (string?)null }, usage = new { output_tokens = 7 } }),
        Event("message_stop", new { }),
    ];

    /// <summary>The event of a server that fails after the status.</summary>
    public static string Error(string message, string type = "overloaded_error") => Event("error", new { error = new { type, message } });

    private static string Event(string type, object content)
    {
        var data = JsonSerializer.SerializeToNode(content)!.AsObject();
        data.Insert(0, "type", JsonValue.Create(type));
        return $"event: {type}\ndata: {data.ToJsonString()}\n\n";
    }
}
