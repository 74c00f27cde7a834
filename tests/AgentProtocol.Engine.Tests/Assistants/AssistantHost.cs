using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Assistants;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Tests.Support;
using Xunit;

namespace AgentProtocol.Engine.Tests.Assistants;

/// <summary>Short words for what callers do with assistants; bodies are JSON, as they come over the wire.</summary>
internal static class AssistantHost
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<Assistant> CreateAssistantAsync(this EngineHost host, string json, string owner = EngineHost.Owner) =>
        host.Get<AssistantService>().CreateAsync(owner, JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.AssistantCreate)!, Token);

    public static Task<Assistant> PatchAssistantAsync(this EngineHost host, string id, string json, string owner = EngineHost.Owner) =>
        host.Get<AssistantService>().PatchAsync(owner, id, JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.AssistantPatch)!, Token);

    public static async Task<Guid> CreateThreadAsync(this EngineHost host, string json, string owner = EngineHost.Owner) =>
        (await host.Threads.CreateAsync(owner, JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.ThreadCreate)!, Token)).ThreadId;

    public static async Task<Run> StartAsync(this EngineHost host, Guid threadId, string json, string owner = EngineHost.Owner)
    {
        // With an input, if only an empty one: a run without goes on where the thread stands, and on a finished one that is nowhere.
        json = json.Insert(1, "\"input\":{},");
        var request = JsonSerializer.Deserialize(json, ProtocolJsonContext.Default.RunCreate)!;
        return (await host.Runs.CreateAsync(owner, new NewRun(threadId, request, new RawJson(json), RunReader.None), Token)).Run;
    }

    /// <summary>Runs to the end; the run and the values after it.</summary>
    public static async Task<(Run Run, JsonElement Values)> RunAsync(this EngineHost host, Guid threadId, string json, string owner = EngineHost.Owner)
    {
        var run = await host.StartAsync(threadId, json, owner);
        var result = await host.Runs.WaitAsync(owner, null, run.RunId, Token);
        Assert.Equal(RunStatus.Success, result.Run!.Status);
        return (result.Run, JsonDocument.Parse(result.Values.Text).RootElement);
    }

    /// <summary>What the agent found in <c>configurable</c>, without what the server says about every run.</summary>
    public static string Configurable(this JsonElement values) =>
        '{' + string.Join(',', values.GetProperty("config").GetProperty("configurable").EnumerateObject()
            .Where(member => member.Name is not ("run_id" or "thread_id" or "graph_id" or "assistant_id" or "user_id"))
            .Select(member => $"\"{member.Name}\":{member.Value.GetRawText()}")) + '}';
}
