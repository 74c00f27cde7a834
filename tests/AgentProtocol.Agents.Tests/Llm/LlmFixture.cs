using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.OpenAi;
using AgentProtocol.Testing.OpenAi;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>An LLM agent in front of a stub of its model.</summary>
internal sealed class LlmFixture : IAsyncDisposable
{
    public const string Key = "sk-very-secret";

    private readonly OpenAiChatClient client;

    private LlmFixture(OpenAiStub stub, string? instructions, string? apiKey, TimeSpan? longestSilence)
    {
        Stub = stub;
        client = new OpenAiChatClient(new OpenAiEndpoint(new Uri(stub.BaseUrl), "stub-model", apiKey), longestSilence);
        Agent = new LlmAgent(client, instructions, TimeProvider.System);
    }

    public OpenAiStub Stub { get; }

    public IAgent Agent { get; }

    public static async Task<LlmFixture> StartAsync(
        OpenAiReply reply, string? instructions = null, string? apiKey = Key, TimeSpan? longestSilence = null) =>
        new(await OpenAiStub.StartAsync(reply), instructions, apiKey, longestSilence);

    public Task<List<AgentEvent>> RunAsync() => Agent.EventsAsync(AgentRuns.Saying("hello"));

    public Task<AgentException> FailAsync() => Assert.ThrowsAnyAsync<AgentException>(RunAsync);

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Stub.DisposeAsync();
    }
}
