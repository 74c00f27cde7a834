using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.OpenAi;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>The agent <c>clerk</c> for server processes: a language model whose first answer, <c>one</c>, comes when the test releases it; all others are <c>more</c>.</summary>
internal sealed class HeldModel : IAsyncDisposable
{
    public const string Agent = "clerk";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OpenAiStub stub;

    private HeldModel(OpenAiStub stub) => this.stub = stub;

    /// <summary>What servers are given for it, in the form of the command line.</summary>
    public string Setting => $"--Agents:File={file}";

    public static async Task<HeldModel> StartAsync()
    {
        var model = new HeldModel(await OpenAiStub.StartAsync());
        model.stub.Respond(request => request.CountOf("assistant") > 0 ? OpenAiReply.Saying("more") : OpenAiReply.Saying("one") with { Hold = model.released.Task.WaitAsync });
        await File.WriteAllTextAsync(model.file, JsonSerializer.Serialize(new
        {
            agents = new[] { new { id = Agent, kind = "llm", model = new { provider = "openai", baseUrl = model.stub.BaseUrl, name = "stub-model-1" } } },
        }));
        return model;
    }

    /// <summary>Once it has been asked, a run of it is under way.</summary>
    public Task AskedAsync() => Until.TrueAsync(() => Task.FromResult(stub.Requests.Count > 0), TestContext.Current.CancellationToken);

    public void Release() => released.SetResult();

    public async ValueTask DisposeAsync()
    {
        await stub.DisposeAsync();
        File.Delete(file);
    }
}
