using AgentProtocol.Agents.Echo;

namespace AgentProtocol.Agents.Tests.Echo;

public class EchoCommandTests
{
    [Theory]
    [InlineData("sleep 0", 0)]
    [InlineData("sleep 5", 5)]
    [InlineData("sleep 0.25", 0.25)]
    [InlineData("sleep 007", 7)]
    [InlineData("sleep 86400", 86_400)]
    [InlineData("sleep 86400.0", 86_400)]
    [InlineData("sleep 3 then answer", 3)]
    [InlineData("sleep 3 ", 3)]
    public void Sleep_takes_seconds_from_0_to_a_day(string text, double seconds) =>
        Assert.Equal(new EchoCommand.Sleep(TimeSpan.FromSeconds(seconds)), EchoCommand.Parse(text));

    [Theory]
    [InlineData("steps 1", 1)]
    [InlineData("steps 10000", 10_000)]
    [InlineData("steps 3 of work", 3)]
    public void Steps_takes_a_count_from_1_to_10000(string text, int count) =>
        Assert.Equal(new EchoCommand.Steps(count), EchoCommand.Parse(text));

    [Theory]
    [InlineData("fail", "failed")]
    [InlineData("fail ", "failed")]
    [InlineData("fail   ", "failed")]
    [InlineData("fail out of paper", "out of paper")]
    [InlineData("fail sleep 5", "sleep 5")]
    public void Fail_takes_the_rest_of_the_message_as_its_reason(string text, string reason) =>
        Assert.Equal(new EchoCommand.Fail(reason), EchoCommand.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("sleep")]
    [InlineData("sleep ")]
    [InlineData("sleep  5")]
    [InlineData(" sleep 5")]
    [InlineData("Sleep 5")]
    [InlineData("sleep\t5")]
    [InlineData("sleep 5s")]
    [InlineData("sleep 5\nnow")]
    [InlineData("sleep 5\0")]
    [InlineData("sleep -1")]
    [InlineData("sleep +1")]
    [InlineData("sleep 5.")]
    [InlineData("sleep .5")]
    [InlineData("sleep 1.2.3")]
    [InlineData("sleep 1e3")]
    [InlineData("sleep 1,000")]
    [InlineData("sleep 86400.1")]
    [InlineData("sleep 86401")]
    [InlineData("sleep 99999999999999999999999999999999999")]
    [InlineData("sleep ٣")]
    [InlineData("sleepy 5")]
    [InlineData("steps")]
    [InlineData("steps 0")]
    [InlineData("steps 10001")]
    [InlineData("steps 99999999999")]
    [InlineData("steps 2.5")]
    [InlineData("steps -1")]
    [InlineData("steps 3\0")]
    [InlineData("steps 3,")]
    [InlineData("failure")]
    [InlineData("fail\nnow")]
    [InlineData("FAIL")]
    [InlineData("please fail")]
    public void Anything_else_is_plain_text(string text) => Assert.IsType<EchoCommand.Say>(EchoCommand.Parse(text));
}
