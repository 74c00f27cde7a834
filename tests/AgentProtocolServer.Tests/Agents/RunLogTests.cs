using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>What an agent says to the log of its run stands in the server's log.</summary>
public sealed class RunLogTests : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script for a shell of Unix.");
        return new ValueTask(File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            agents = new[] { new { id = "talker", kind = "process", mode = "plain", command = "sh", args = new[] { "-c", "cat >/dev/null; echo aside >&2; echo answer" } } },
        })));
    }

    public ValueTask DisposeAsync()
    {
        File.Delete(file);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Standard_error_of_a_program_is_in_the_log()
    {
        await using var server = await TestServer.StartAsync($"--Agents:File={file}");

        var values = await server.Client.PostAsync("/runs/wait", new { assistant_id = "talker", input = Protocol.Say("hello") }).OkAsync();

        Assert.Equal(["human: hello", "ai: answer"], values.Conversation());
        await Until.TrueAsync(
            () => Task.FromResult(server.Log.Contains("aside", StringComparison.Ordinal)), TestContext.Current.CancellationToken, condition: "the line is in the log");
    }
}
