using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class HistoryRulesTests
{
    private const string Id = "0199aaaa-0000-7000-8000-000000000000";

    [Theory]
    [InlineData($"\"{Id}\"")]
    [InlineData($$"""{"checkpoint_id":"{{Id}}","checkpoint_ns":""}""")]
    [InlineData($$$"""{"configurable":{"checkpoint_id":"{{{Id}}}"}}""")]
    public void Before_may_be_an_id_a_checkpoint_or_a_config(string before)
    {
        var history = HistoryRules.Check(new ThreadHistoryRequest { Before = Element(before) });
        Assert.Equal(Guid.Parse(Id), history.Before!.Value.GetGuid());
    }

    [Theory]
    [InlineData("\"x\"")]
    [InlineData("7")]
    [InlineData("""{"checkpoint_id":{}}""")]
    public void Before_of_another_shape_is_refused(string before)
    {
        var refusal = Assert.Throws<ProtocolException>(() => HistoryRules.Check(new ThreadHistoryRequest { Before = Element(before) }));
        Assert.Equal(["body", "before"], Assert.Single(refusal.Errors!).Loc);
    }

    [Fact]
    public void A_checkpoint_without_an_id_means_the_current_state() =>
        Assert.Null(HistoryRules.Check(new ThreadStateRequest { Checkpoint = Element("""{"checkpoint_ns":""}""") }));

    private static JsonElement Element(string json) => JsonDocument.Parse(json).RootElement;
}
