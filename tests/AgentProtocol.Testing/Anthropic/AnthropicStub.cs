using AgentProtocol.Testing.Models;

namespace AgentProtocol.Testing.Anthropic;

/// <summary>A server that speaks Anthropic's streaming messages.</summary>
public sealed class AnthropicStub : ModelStub
{
    private AnthropicStub()
        : base("/v1/messages")
    {
    }

    /// <summary>What a client is configured with.</summary>
    public string BaseUrl => Origin;

    /// <summary>Starts a stub that gives these replies, one per request.</summary>
    public static async Task<AnthropicStub> StartAsync(params AnthropicReply[] replies)
    {
        AnthropicStub stub = new();
        await stub.StartAsync((IEnumerable<ModelReply>)replies);
        return stub;
    }

    /// <summary>Starts a stub that answers by a rule.</summary>
    public static async Task<AnthropicStub> StartAsync(Func<ChatRequest, AnthropicReply> rule)
    {
        var stub = await StartAsync();
        stub.Respond(rule);
        return stub;
    }

    /// <inheritdoc />
    protected override ModelReply Unprepared(string problem) => AnthropicReply.Refusing(501, problem);
}
