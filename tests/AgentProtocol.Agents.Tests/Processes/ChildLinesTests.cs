using System.Text;
using AgentProtocol.Agents.Processes;
using AgentProtocol.Testing.Time;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>What the lines of a program mean.</summary>
public class ChildLinesTests
{
    private readonly ChildLines lines = new("first", new ManualTimeProvider());

    [Fact]
    public void Every_type_of_line_becomes_its_event()
    {
        Assert.Equal(new AgentEvent.MessageDelta("n", "m", "hi"), Event("""{"type":"delta","message_id":"m","text":"hi","node":"n"}"""));
        Assert.Equal(new AgentEvent.StepStarted("n"), Event("""{"type":"step","node":"n"}"""));
        Assert.Equal(new AgentEvent.Progress(12.5, "p", "n"), Event("""{"type":"progress","percent":12.5,"phase":"p","note":"n"}"""));
        Assert.Equal(new AgentEvent.Progress(null, null, "n"), Event("""{"type":"progress","percent":null,"note":"n"}"""));
        Assert.Equal(new AgentEvent.Usage(3, 4), Event("""{"type":"usage","input_tokens":3,"output_tokens":4}"""));
        Assert.Equal(new AgentEvent.ToolFailed("c", "broken"), Event("""{"type":"tool_error","id":"c","message":"broken"}"""));

        var update = Assert.IsType<AgentEvent.StateUpdate>(Event("""{"type":"update","values":{"a":1.50}}"""));
        Assert.Equal(("first", """{"a":1.50}"""), (update.Node, update.Update.GetRawText()));
        var artifact = Assert.IsType<AgentEvent.Artifact>(Event("""{"type":"artifact","name":"report","content":[1]}"""));
        Assert.Equal(("report", "[1]"), (artifact.Name, artifact.Content.GetRawText()));
        var started = Assert.IsType<AgentEvent.ToolStarted>(Event("""{"type":"tool_start","id":"c","name":"grep","input":{"q":1}}"""));
        Assert.Equal(("c", "grep", """{"q":1}"""), (started.CallId, started.Name, started.Input.GetRawText()));
        var output = Assert.IsType<AgentEvent.ToolOutput>(Event("""{"type":"tool_output","id":"c","delta":"x"}"""));
        Assert.Equal(("c", "\"x\""), (output.CallId, output.Delta.GetRawText()));
        var finished = Assert.IsType<AgentEvent.ToolFinished>(Event("""{"type":"tool_end","id":"c","output":null}"""));
        Assert.Equal(("c", "null"), (finished.CallId, finished.Output.GetRawText()));
        Assert.Equal("""{"any":1}""", Event("""{"type":"custom","data":{"any":1}}""").Data().GetRawText());
        var question = Assert.IsType<AgentEvent.Interrupt>(Event("""{"type":"interrupt","value":"Sure?","id":"q"}"""));
        Assert.Equal(("\"Sure?\"", "q"), (question.Value.GetRawText(), question.Id));

        Assert.Equal(new ChildLine.Logs(LogLevel.Warning, "careful"), Read("""{"type":"log","level":"warning","message":"careful"}"""));
        Assert.Equal(new ChildLine.Failed("no paper", true), Read("""{"type":"error","message":"no paper","retryable":true}"""));
        Assert.Equal(new ChildLine.Failed("no paper", false), Read("""{"type":"error","message":"no paper"}"""));
        Assert.Equal(new ChildLine.Ready(), Read("""{"type":"ready"}"""));
        Assert.Equal(new ChildLine.Done(), Read("""{"type":"done"}"""));
        Assert.Equal(new ChildLine.Unknown("later"), Read("""{"type":"later"}"""));
        Assert.Equal(new ChildLine.Nothing(), Read(" \r"));
    }

    [Fact]
    public void Message_is_an_update_with_one_message_and_keeps_members_that_are_not_ours()
    {
        var update = Assert.IsType<AgentEvent.StateUpdate>(Event("""{"type":"message","node":"n","id":"m1","content":[{"type":"text","text":"hi"}],"tool_calls":[]}"""));

        Assert.Equal("n", update.Node);
        Assert.Equal("""{"messages":[{"type":"ai","id":"m1","content":[{"type":"text","text":"hi"}],"tool_calls":[]}]}""", update.Update.GetRawText());
    }

    [Fact]
    public void Pieces_without_an_id_belong_to_the_message_that_follows()
    {
        var first = Assert.IsType<AgentEvent.MessageDelta>(Event("""{"type":"delta","text":"a"}"""));
        var second = Assert.IsType<AgentEvent.MessageDelta>(Event("""{"type":"delta","text":"b"}"""));
        var whole = ((AgentEvent.StateUpdate)Event("""{"type":"message","content":"ab"}""")).Update.GetProperty("messages")[0];
        var next = Assert.IsType<AgentEvent.MessageDelta>(Event("""{"type":"delta","text":"c"}"""));

        Assert.Equal(first.MessageId, second.MessageId);
        Assert.Equal(first.MessageId, whole.GetProperty("id").GetString());
        Assert.NotEqual(first.MessageId, next.MessageId);
    }

    [Theory]
    [InlineData("Traceback (most recent call last):", "not a JSON object: Traceback (most recent call last):")]
    [InlineData("[1]", "not a JSON object: [1]")]
    [InlineData("""{"type":"done","type":"done"}""", "not a JSON object")]
    [InlineData("""{"text":"x"}""", "\"type\" is not a text")]
    [InlineData("""{"type":"delta"}""", "\"text\" is not a text: {\"type\":\"delta\"}")]
    [InlineData("""{"type":"delta","text":7}""", "\"text\" is not a text")]
    [InlineData("""{"type":"update","values":[]}""", "\"values\" is not an object")]
    [InlineData("""{"type":"update"}""", "without \"values\"")]
    [InlineData("""{"type":"message"}""", "without \"content\"")]
    [InlineData("""{"type":"progress","percent":"half"}""", "\"percent\" is not a number")]
    [InlineData("""{"type":"usage","input_tokens":-1}""", "\"input_tokens\" is not a whole number")]
    [InlineData("""{"type":"error","message":"x","retryable":"yes"}""", "\"retryable\" is not true or false")]
    public void Mistakes_of_the_program_are_shown_with_the_line(string line, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<AgentException>(() => Read(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_more_than_the_beginning_of_a_line_is_shown()
    {
        var complaint = Assert.Throws<AgentException>(() => Read(new string('x', 5000))).Message;

        Assert.EndsWith(": " + new string('x', 200) + "…", complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_that_is_no_text_is_a_mistake() =>
        Assert.Throws<AgentException>(() => lines.Read(new byte[] { (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}' }));

    private ChildLine Read(string line) => lines.Read(Encoding.UTF8.GetBytes(line));

    private AgentEvent Event(string line) => Assert.IsType<ChildLine.Says>(Read(line)).Event;
}
