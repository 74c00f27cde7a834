using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;
using Xunit;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>Which events a filter lets pass (wire-contract 6.9).</summary>
public sealed class EventFilterTests
{
    [Theory]
    [InlineData("values", "values")]
    [InlineData("updates", "updates")]
    [InlineData("messages", "messages")]
    [InlineData("tools", "tools")]
    [InlineData("lifecycle", "lifecycle")]
    [InlineData("input", "input.requested")]
    [InlineData("checkpoints", "checkpoints")]
    [InlineData("tasks", "tasks")]
    [InlineData("custom", "custom")]
    public void A_channel_lets_its_own_events_pass_and_no_others(string channel, string method)
    {
        string[] methods = ["values", "updates", "messages", "tools", "lifecycle", "input.requested", "checkpoints", "tasks", "custom"];
        var filter = Filter([channel]);
        Assert.Equal([method], methods.Where(name => filter.Matches(Event(name))));
    }

    [Fact]
    public void Events_of_stream_modes_never_pass() =>
        Assert.False(Filter(["values"]).Matches(Event("values") with { IsProtocol = false }));

    [Theory]
    [InlineData("""{"name":"a","payload":1}""", true)]
    [InlineData("""{"payload":1,"name":"a"}""", true)]
    [InlineData("""{"name":"b","payload":{"name":"a"}}""", false)]
    [InlineData("""{"payload":1}""", false)]
    [InlineData("""{"name":1}""", false)]
    [InlineData("""{"name":"\ud800"}""", false)]
    [InlineData("[1]", false)]
    [InlineData("null", false)]
    public void A_named_custom_channel_lets_pass_what_has_its_name(string data, bool passes)
    {
        var item = Event("custom") with { Data = new RawJson(data) };
        Assert.Equal(passes, Filter(["custom:a"]).Matches(item));
        Assert.True(Filter(["custom"]).Matches(item));
        Assert.True(Filter(["custom:other", "custom"]).Matches(item));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a/b", true)]
    [InlineData("a", "", false)]
    [InlineData("a", "a", true)]
    [InlineData("a", "a/b", true)]
    [InlineData("a/b", "a", false)]
    [InlineData("b", "a/b", false)]
    [InlineData("fetcher", "fetcher:1", true)]
    [InlineData("fetcher", "fetcher:1/tools:2", true)]
    [InlineData("fetcher/tools", "fetcher:1/tools:2", true)]
    [InlineData("fetcher:1", "fetcher:1", true)]
    [InlineData("fetcher:1", "fetcher:2", false)]
    [InlineData("fetcher:1", "fetcher:1:2", false)]
    [InlineData("fetcher:1", "fetcher", false)]
    [InlineData("fetch", "fetcher:1", false)]
    [InlineData("fetcher", "fetcher:1:2", true)]
    public void A_prefix_lets_pass_what_is_at_it_or_below(string prefix, string place, bool passes) =>
        Assert.Equal(passes, Filter(["values"], [Segments(prefix)]).Matches(At(place)));

    [Theory]
    [InlineData(0, "a", true)]
    [InlineData(0, "a/b", false)]
    [InlineData(1, "a/b", true)]
    [InlineData(1, "a/b/c", false)]
    [InlineData(0, "x/y", true)]
    [InlineData(0, "x/y/z", false)]
    [InlineData(2, "x", false)]
    public void Depth_counts_from_the_prefix_that_matches(int depth, string place, bool passes) =>
        Assert.Equal(passes, Filter(["values"], [["a"], ["x", "y"]], depth).Matches(At(place)));

    [Fact]
    public void The_empty_prefix_with_a_depth_counts_from_the_root()
    {
        var filter = Filter(["values"], [[]], 1);
        Assert.Equal(["", "a"], new[] { "", "a", "a/b" }.Where(place => filter.Matches(At(place))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_prefixes_all_places_pass_whatever_the_depth(bool empty) =>
        Assert.True(Filter(["values"], empty ? [] : null, 0).Matches(At("a/b/c")));

    [Fact]
    public void Unknown_channels_are_ignored_or_refused()
    {
        var request = new EventStreamRequest { Channels = ["video", "custom:", "lifecycle"] };
        var filter = EventFilter.Create(request, refusesUnknown: false);
        Assert.True(filter.Matches(Event("lifecycle")));
        Assert.False(filter.Matches(Event("video")));
        var refusal = Assert.Throws<ProtocolException>(() => EventFilter.Create(request, refusesUnknown: true));
        Assert.StartsWith("channels: \"video\" is not one of", refusal.Message, StringComparison.Ordinal);
        EventFilter.Create(new EventStreamRequest { Channels = ["custom:video"] }, refusesUnknown: true);
    }

    private static EventFilter Filter(string[] channels, string[][]? namespaces = null, int? depth = null) =>
        EventFilter.Create(new EventStreamRequest { Channels = channels, Namespaces = namespaces, Depth = depth }, refusesUnknown: true);

    private static ThreadStreamEvent Event(string name) => new() { Seq = 1, IsProtocol = true, Name = name, Data = RawJson.EmptyObject };

    private static ThreadStreamEvent At(string place) => Event("values") with { Namespace = Segments(place) };

    private static string[] Segments(string place) => place.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
