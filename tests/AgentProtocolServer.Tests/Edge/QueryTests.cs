using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class QueryTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("?wait=0", false)]
    [InlineData("?wait=", false)]
    [InlineData("?wait=off", false)]
    [InlineData("?wait=1", true)]
    [InlineData("?wait=TRUE", true)]
    [InlineData("?wait=yes", true)]
    public void Flags_are_read_in_every_spelling(string query, bool expected) => Assert.Equal(expected, Request(query).QueryFlag("wait"));

    [Theory]
    [InlineData("?select=a&select=b")]
    [InlineData("?select=a,b")]
    [InlineData("?select=[\"a\",\"b\"]")]
    [InlineData("?select=[\"a\"]&select=b")]
    public void Lists_are_read_in_both_dialects(string query) => Assert.Equal(["a", "b"], Request(query).QueryList("select"));

    [Theory]
    [InlineData("?wait=maybe", "wait")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1001", "limit")]
    [InlineData("?limit=ten", "limit")]
    [InlineData("?offset=-1", "offset")]
    [InlineData("?status=asleep", "status")]
    [InlineData("?metadata=[1]", "metadata")]
    [InlineData("?metadata={", "metadata")]
    [InlineData("?select=[1]", "select")]
    [InlineData("?select=secret", "select")]
    [InlineData("?action=stop", "action")]
    [InlineData("?stream_mode=loud", "stream_mode")]
    public void What_cannot_be_read_names_the_parameter(string query, string name)
    {
        var refusal = Assert.Throws<ProtocolException>(() =>
        {
            var request = Request(query);
            request.QueryFlag("wait");
            RunRules.ReadList(request);
            RunRules.ReadSelect(request);
            RunRules.ReadAction(request);
            RunRules.ReadStream(request);
        });
        Assert.Equal(["query", name], Assert.Single(refusal.Errors!).Loc);
    }

    [Theory]
    [InlineData("interrupt", CancelAction.Interrupt)]
    [InlineData("cancel", CancelAction.Interrupt)]
    [InlineData("rollback", CancelAction.Rollback)]
    public void Cancel_is_an_alias_of_interrupt(string text, CancelAction expected) =>
        Assert.Equal(expected, RunRules.ReadAction(Request($"?action={text}")));

    [Theory]
    [InlineData(null, null)]
    [InlineData("7", 7L)]
    [InlineData("-1", -1L)]
    [InlineData("-", -1L)]
    [InlineData("abc", -1L)]
    public void A_last_event_id_that_is_no_number_means_from_the_start(string? header, long? expected)
    {
        var request = Request("");
        request.Headers["Last-Event-ID"] = header;
        Assert.Equal(expected, RunRules.ReadStream(request).LastEventId);
    }

    private static HttpRequest Request(string query) =>
        new DefaultHttpContext { Request = { QueryString = query.Length == 0 ? default : new QueryString(query) } }.Request;
}
