using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>The programs of samples/agents behind a real server.</summary>
public sealed class ProcessSampleTests : IAsyncLifetime
{
    private static readonly string Folder = Checkout.PathOf("samples/agents");
    private TestServer server = null!;

    public async ValueTask InitializeAsync() =>
        server = await TestServer.StartAsync($"--Agents:File={Path.Combine(Folder, "agents.json")}", "--Runs:RetryDelay=00:00:00.05");

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Python_works_in_steps_and_goes_on_with_what_is_new()
    {
        Require("python3");
        var thread = await server.Client.NewThreadAsync();

        var events = await StreamAsync(thread, "researcher", "apples, pears");
        Assert.Equal(["human: apples, pears", "ai: apples has 6 letters; pears has 5 letters"], events[^1].Data.Conversation());
        Assert.Equal(2, events.Count(item => item.Name == "updates" && item.Data.TryGetProperty("research", out _)));

        events = await StreamAsync(thread, "researcher", "plums");
        Assert.EndsWith("plums has 5 letters", events[^1].Data.Conversation()[^1], StringComparison.Ordinal);
        Assert.Single(events, item => item.Name == "updates" && item.Data.TryGetProperty("research", out _));
    }

    [Fact]
    public async Task Node_calls_a_tool_and_streams_its_answer()
    {
        Require("node");
        var thread = await server.Client.NewThreadAsync();

        var events = await StreamAsync(thread, "toolsmith", "what a wonderful day");

        const string Answer = "You wrote 4 words, the longest of which is \"wonderful\".";
        Assert.Equal(["human: what a wonderful day", "ai: " + Answer], events[^1].Data.Conversation());
        Assert.Equal(Answer, string.Concat(events.Where(item => item.Name == "messages").Select(item => item.Data[0].Text("content"))));
        Assert.Contains(events, item => item.Name == "tools");
    }

    [Fact]
    public async Task Bash_reads_a_text_and_prints_its_answer()
    {
        Require("bash");
        var thread = await server.Client.NewThreadAsync();

        var events = await StreamAsync(thread, "digest", "one fish\ntwo fish");
        Assert.Equal("ai: Lines: 2\nWords: 4\nMost frequent: fish (2)", events[^1].Data.Conversation()[^1]);

        var run = (await server.Client.PostAsync("/runs/wait", new { agent_id = "digest", input = Protocol.Say(" ") }).OkAsync()).GetProperty("run");
        Assert.Equal(("error", "The program exited with code 2: There is no text to digest"), (run.Text("status"), run.Text("error")));
    }

    [Theory]
    [InlineData("researcher.py")]
    [InlineData("toolsmith.mjs")]
    [InlineData("digest.sh")]
    public void Sample_is_read_in_a_minute(string file) => Assert.InRange(File.ReadLines(Path.Combine(Folder, file)).Count(), 1, 60);

    private Task<List<AgentProtocol.Testing.Sse.SseEvent>> StreamAsync(string thread, string agent, string text) => server.Client.StreamAsync(
        HttpMethod.Post,
        $"/threads/{thread}/runs/stream",
        new { assistant_id = agent, input = Protocol.Say(text), stream_mode = new[] { "messages-tuple", "updates", "tools", "values" } });

    /// <summary>A machine without the program: a laptop may skip, a build server must not stay green by it.</summary>
    private static void Require(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), $"There is no {program} on this machine.");
            Assert.Fail($"CI has no {program}: install it.");
        }
    }
}
