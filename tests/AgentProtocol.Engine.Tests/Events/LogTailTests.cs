using AgentProtocol.Engine.Events;
using Xunit;

namespace AgentProtocol.Engine.Tests.Events;

/// <summary>What a lost execution has left open, as read back from the end of its log.</summary>
public sealed class LogTailTests
{
    private const string MessageStart = """messages {"event":"message-start"}""";
    private const string Delta = """messages {"event":"content-block-delta"}""";
    private const string MessageFinish = """messages {"event":"message-finish"}""";
    private const string Checkpoint = "checkpoints {}";

    [Theory]
    [InlineData(false)]
    [InlineData(false, MessageStart, Delta, MessageFinish)]
    [InlineData(true, MessageStart)]
    [InlineData(true, MessageFinish, MessageStart, Delta)]
    [InlineData(true, Checkpoint, MessageStart, "tasks {}")]
    [InlineData(false, MessageStart, Checkpoint)]
    [InlineData(false, MessageStart, Delta, """messages {"event":"error","code":"attempt_lost"}""")]
    public void A_message_is_open_until_its_finish(bool open, params string[] log) => Assert.Equal(open, Read(log).HasOpenMessage);

    [Fact]
    public void Tools_are_open_until_they_end()
    {
        var tail = Read(Tool("started", "before"), Checkpoint, Tool("started", "a"), Tool("output-delta", "a"), Tool("started", "b"), Tool("finished", "a"),
            Tool("started", "c"), Tool("error", "c"));
        Assert.Equal(["b"], tail.OpenTools);
    }

    [Fact]
    public void A_call_that_was_closed_as_lost_and_begun_anew_is_open_once()
    {
        var tail = Read(Tool("started", "a"), Tool("error", "a"), Tool("started", "a"));
        Assert.Equal(["a"], tail.OpenTools);
    }

    [Theory]
    [InlineData(true, """lifecycle {"event":"running"}""", """lifecycle {"event":"failed","error":"x"}""")]
    [InlineData(false, """lifecycle {"event":"running"}""")]
    public void The_last_lifecycle_event_is_seen(bool terminated, params string[] log) => Assert.Equal(terminated, Read(log).IsTerminated);

    [Fact]
    public void Pages_are_read_backwards_as_far_as_the_last_checkpoint()
    {
        var tail = new LogTail(7);
        Assert.True(tail.Prepend([Frame(Delta)]));
        Assert.True(tail.Prepend([Frame(Tool("started", "a"))]));
        Assert.False(tail.Prepend([Frame(Tool("started", "old")), Frame(Checkpoint), Frame(MessageStart)]));
        Assert.True(tail.HasOpenMessage);
        Assert.Equal(["a"], tail.OpenTools);
        Assert.Equal(7, tail.NextNumber);
    }

    [Fact]
    public void Events_of_the_stream_modes_say_nothing_of_it()
    {
        var tail = new LogTail(1);
        Assert.True(tail.Prepend([new Frame(0, 0, "messages", "[{}]"), new Frame(1, 1, "checkpoints", "{}")]));
        Assert.False(tail.HasOpenMessage);
    }

    private static string Tool(string what, string id) => $$"""tools {"event":"tool-{{what}}","tool_call_id":"{{id}}"}""";

    private static LogTail Read(params string[] log)
    {
        var tail = new LogTail(0);
        tail.Prepend([.. log.Select(Frame)]);
        return tail;
    }

    private static Frame Frame(string line) => new(0, null, line[..line.IndexOf(' ')], line[(line.IndexOf(' ') + 1)..]) { Origin = new FrameOrigin(0) };
}
