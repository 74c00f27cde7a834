using AgentProtocol.Testing.Models;

namespace AgentProtocol.Testing.OpenAi;

/// <summary>A server that speaks OpenAI's streaming chat completions, below OpenAI's path and below those of Azure.</summary>
public sealed class OpenAiStub : ModelStub
{
    private OpenAiStub()
        : base("/{**path}")
    {
    }

    /// <summary>What a client is configured with.</summary>
    public string BaseUrl => Origin + "/v1";

    /// <summary>Starts a stub that gives these replies, one per request.</summary>
    public static async Task<OpenAiStub> StartAsync(params OpenAiReply[] replies)
    {
        OpenAiStub stub = new();
        await stub.StartAsync((IEnumerable<ModelReply>)replies);
        return stub;
    }

    /// <summary>Starts a stub that answers by a rule.</summary>
    public static async Task<OpenAiStub> StartAsync(Func<ChatRequest, OpenAiReply> rule)
    {
        var stub = await StartAsync();
        stub.Respond(rule);
        return stub;
    }

    /// <inheritdoc />
    protected override ModelReply Unprepared(string problem) => OpenAiReply.Refusing(501, problem);
}
