using System.Text.Json;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.OpenAi;

namespace AgentProtocol.Testing.Models;

/// <summary>The stub of any provider, for what has to be the same with all of them.</summary>
public abstract class ProviderStub : IAsyncDisposable
{
    /// <summary>The providers, as the agents file names them.</summary>
    public static readonly string[] Providers = ["openai", "anthropic"];

    /// <summary>What it was asked, oldest first.</summary>
    public abstract IReadOnlyList<ChatRequest> Requests { get; }

    /// <summary>Starts the stub of a provider.</summary>
    public static async Task<ProviderStub> StartAsync(string provider) => provider switch
    {
        "openai" => new OpenAi(await OpenAiStub.StartAsync()),
        "anthropic" => new Anthropic(await AnthropicStub.StartAsync()),
        _ => throw new ArgumentOutOfRangeException(nameof(provider), provider, "There is no such provider."),
    };

    /// <summary>The member <c>model</c> of an agent that asks it.</summary>
    /// <param name="keyVariable">The environment variable with the key.</param>
    public abstract string Describe(string keyVariable);

    /// <summary>The next answer is this text.</summary>
    public abstract ProviderStub Says(string text);

    /// <summary>The next answer has these calls.</summary>
    public abstract ProviderStub Calls(params (string Id, string Name, string Arguments)[] calls);

    /// <summary>The next request is refused as too long.</summary>
    public abstract ProviderStub Overflows();

    /// <summary>The next request is refused.</summary>
    public abstract ProviderStub Refuses(int status, string message);

    /// <summary>The results of calls that a request has, each as <c>id=text</c>.</summary>
    public abstract string[] ResultsIn(ChatRequest request);

    /// <summary>The text of the last message of a request.</summary>
    public static string LastText(ChatRequest request) => Text(request.Messages[^1].GetProperty("content"));

    /// <inheritdoc />
    public abstract ValueTask DisposeAsync();

    private static string Text(JsonElement content) => content.ValueKind == JsonValueKind.String
        ? content.GetString()!
        : string.Concat(content.EnumerateArray().Select(block => block.GetProperty("text").GetString()));

    private sealed class OpenAi(OpenAiStub stub) : ProviderStub
    {
        public override IReadOnlyList<ChatRequest> Requests => stub.Requests;

        public override string Describe(string keyVariable) =>
            $$"""{"provider":"openai","baseUrl":"{{stub.BaseUrl}}","name":"stub-model","apiKeyEnv":"{{keyVariable}}"}""";

        public override ProviderStub Says(string text) => Enqueue(OpenAiReply.Saying(text));

        public override ProviderStub Calls(params (string Id, string Name, string Arguments)[] calls) => Enqueue(OpenAiReply.Calling(calls));

        public override ProviderStub Overflows() => Enqueue(OpenAiReply.Overflowing());

        public override ProviderStub Refuses(int status, string message) => Enqueue(OpenAiReply.Refusing(status, message));

        public override string[] ResultsIn(ChatRequest request) =>
        [
            .. request.Messages.Where(message => message.GetProperty("role").ValueEquals("tool"))
                .Select(message => $"{message.GetProperty("tool_call_id")}={Text(message.GetProperty("content"))}"),
        ];

        public override ValueTask DisposeAsync() => stub.DisposeAsync();

        private OpenAi Enqueue(OpenAiReply reply)
        {
            stub.Enqueue(reply);
            return this;
        }
    }

    private sealed class Anthropic(AnthropicStub stub) : ProviderStub
    {
        public override IReadOnlyList<ChatRequest> Requests => stub.Requests;

        public override string Describe(string keyVariable) =>
            $$"""{"provider":"anthropic","baseUrl":"{{stub.BaseUrl}}","name":"stub-model","apiKeyEnv":"{{keyVariable}}"}""";

        public override ProviderStub Says(string text) => Enqueue(AnthropicReply.Saying(text));

        public override ProviderStub Calls(params (string Id, string Name, string Arguments)[] calls) => Enqueue(AnthropicReply.Calling(calls));

        public override ProviderStub Overflows() => Enqueue(AnthropicReply.Overflowing());

        public override ProviderStub Refuses(int status, string message) => Enqueue(AnthropicReply.Refusing(status, message));

        public override string[] ResultsIn(ChatRequest request) =>
        [
            .. request.Messages.Select(message => message.GetProperty("content")).Where(content => content.ValueKind == JsonValueKind.Array)
                .SelectMany(content => content.EnumerateArray()).Where(block => block.GetProperty("type").ValueEquals("tool_result"))
                .Select(block => $"{block.GetProperty("tool_use_id")}={Text(block.GetProperty("content"))}"),
        ];

        public override ValueTask DisposeAsync() => stub.DisposeAsync();

        private Anthropic Enqueue(AnthropicReply reply)
        {
            stub.Enqueue(reply);
            return this;
        }
    }
}
