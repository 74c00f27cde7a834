using System.Text.Json;
using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm.Models;

/// <summary>Chat models as the agents file describes them.</summary>
internal static class ChatModel
{
    /// <summary>What a secret of any name holds.</summary>
    public const string Key = LlmFixture.Key;

    public static IChatClient Of(OpenAiStub stub, string more = "", TimeProvider? time = null) =>
        Create($$"""{"provider":"openai","baseUrl":"{{stub.BaseUrl}}","name":"stub-model","apiKeyEnv":"KEY"{{more}}}""", time);

    public static IChatClient Of(AnthropicStub stub, string more = "", TimeProvider? time = null) =>
        Create($$"""{"provider":"anthropic","baseUrl":"{{stub.BaseUrl}}","name":"stub-model","apiKeyEnv":"KEY"{{more}}}""", time);

    public static IChatClient Create(string json, TimeProvider? time = null) => ChatModels.Create(
        new ConfigurationNode("agents.json", "$.model", JsonElement.Parse(json)),
        new ConfigurationValues(_ => Key, time ?? TimeProvider.System));

    public static async Task<List<ChatResponseUpdate>> AskAsync(
        this IChatClient model, ChatOptions? options = null, CancellationToken? cancellationToken = null) =>
        await model.AskAsync([new ChatMessage(ChatRole.User, "hello")], options, cancellationToken);

    public static async Task<List<ChatResponseUpdate>> AskAsync(
        this IChatClient model, IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken? cancellationToken = null)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (var update in model.GetStreamingResponseAsync(messages, options, cancellationToken ?? AgentRuns.TestToken))
        {
            updates.Add(update);
        }

        return updates;
    }

    public static Task<AgentException> FailAsync(this IChatClient model) => Assert.ThrowsAnyAsync<AgentException>(() => model.AskAsync());

    public static string Text(this IEnumerable<ChatResponseUpdate> updates) => string.Concat(updates.Select(update => update.Text));

    public static List<FunctionCallContent> Calls(this IEnumerable<ChatResponseUpdate> updates) =>
        [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];

    public static string Json(this FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments);

    public static void AssertJson(string expected, JsonElement actual) => Assert.True(
        JsonElement.DeepEquals(JsonElement.Parse(expected), actual), $"Unexpected JSON: {actual.GetRawText()}");
}
