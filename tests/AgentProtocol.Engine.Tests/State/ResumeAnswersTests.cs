using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

public sealed class ResumeAnswersTests
{
    private static readonly RunPause Asked = new("tools", [new RunInterrupt("a", "1"), new RunInterrupt("b", "2")]);

    [Theory]
    [InlineData("""{"a":"x","b":"y"}""", "\"x\"", "\"y\"")]
    [InlineData("""{"b":null}""", null, "null")]
    [InlineData("\"all\"", "\"all\"", "\"all\"")]
    [InlineData("""["a"]""", """["a"]""", """["a"]""")]
    [InlineData("{}", "{}", "{}")]
    [InlineData("""{"a":1,"other":2}""", """{"a":1,"other":2}""", """{"a":1,"other":2}""")]
    [InlineData("""{"decisions":[{"type":"approve"}]}""", """{"decisions":[{"type":"approve"}]}""", """{"decisions":[{"type":"approve"}]}""")]
    public void An_object_of_ids_answers_each_and_anything_else_answers_all(string resume, string? first, string? second)
    {
        Assert.Equal(first, AnswerTo(0, resume));
        Assert.Equal(second, AnswerTo(1, resume));
    }

    private static string? AnswerTo(int place, string resume)
    {
        var answer = ResumeAnswers.For(Asked.Interrupts[place], Asked, JsonText.Parse(resume));
        return answer.ValueKind == System.Text.Json.JsonValueKind.Undefined ? null : answer.GetRawText();
    }
}
