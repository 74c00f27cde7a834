using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

public sealed class ValuePathTests
{
    private const string Json = """{"a":{"b c":[1,{"d":2.50},[3,null]]},"odd":{"x":1,"\ud800":0}}""";

    [Theory]
    [InlineData("x", Json)]
    [InlineData("x.a.b c[0]", "1")]
    [InlineData("x.a.b c[-2].d", "2.50")]
    [InlineData("x.a.b c[2][-1]", "null")]
    [InlineData("x.a.b c[3]", null)]
    [InlineData("x.a.b c[-4]", null)]
    [InlineData("x.a[0]", null)]
    [InlineData("x.a.b c.d", null)]
    [InlineData("x.missing.too", null)]
    [InlineData("x.odd.x", null)] // its neighbour's name is half of a surrogate pair, and cannot be compared
    public void A_path_leads_to_the_value_as_it_was_written(string path, string? expected) =>
        Assert.Equal(expected, ValuePath.Parse(path)!.Read(Json, 1));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("[0]")]
    [InlineData("a[]")]
    [InlineData("a[b]")]
    [InlineData("a[1")]
    [InlineData("a[1]b")]
    [InlineData("a[+1]")]
    [InlineData("a[1234567890]")]
    public void What_is_no_path_is_refused(string path) => Assert.Null(ValuePath.Parse(path));
}
