using System.Text.Json;
using AgentProtocol.Agents.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Agents.Tests.Wire;

public class AgentEventJsonTests
{
    private readonly LineLogger log = new();
    private readonly AgentEventJson json;

    public AgentEventJsonTests() => json = new AgentEventJson("agent", TimeProvider.System, log, new Secrets("sk-very-secret"));

    [Fact]
    public void Event_keeps_what_the_agent_said()
    {
        Assert.Equal(new AgentEvent.StepStarted("draft"), Single("""{"type":"step","node":"draft"}"""));
        Assert.Equal(new AgentEvent.StepStarted("agent"), Single("""{"type":"step"}"""));
        Assert.Equal(new AgentEvent.Progress(12.5, "reading", "half"), Single("""{"type":"progress","percent":12.5,"phase":"reading","note":"half"}"""));
        Assert.Equal(new AgentEvent.Progress(Note: "half"), Single("""{"type":"progress","percent":null,"note":"half"}"""));
        Assert.Equal(new AgentEvent.Usage(3, 4), Single("""{"type":"usage","input_tokens":3,"output_tokens":4}"""));
        Assert.Equal(new AgentEvent.ToolFailed("c1", "no"), Single("""{"type":"tool_error","id":"c1","message":"no"}"""));
        var artifact = Assert.IsType<AgentEvent.Artifact>(Single("""{"type":"artifact","name":"draft.md","content":{"n":1.50}}"""));
        Assert.Equal(("draft.md", """{"n":1.50}"""), (artifact.Name, artifact.Content.GetRawText()));
        var started = Assert.IsType<AgentEvent.ToolStarted>(Single("""{"type":"tool_start","id":"c1","name":"search","input":{"q":1}}"""));
        Assert.Equal(("c1", "search", """{"q":1}"""), (started.CallId, started.Name, started.Input.GetRawText()));
        Assert.Equal(JsonValueKind.Undefined, Assert.IsType<AgentEvent.ToolStarted>(Single("""{"type":"tool_start","id":"c1","name":"search"}""")).Input.ValueKind);
        Assert.Equal("\"x\"", Assert.IsType<AgentEvent.ToolOutput>(Single("""{"type":"tool_output","id":"c1","delta":"x"}""")).Delta.GetRawText());
        Assert.Equal("null", Assert.IsType<AgentEvent.ToolFinished>(Single("""{"type":"tool_end","id":"c1","output":null}""")).Output.GetRawText());
        Assert.Equal("[1]", Assert.IsType<AgentEvent.Custom>(Single("""{"type":"custom","data":[1]}""")).Data.GetRawText());
        var update = Assert.IsType<AgentEvent.StateUpdate>(Single("""{"type":"update","values":{"count":10000000000000000000000}}"""));
        Assert.Equal(("agent", """{"count":10000000000000000000000}"""), (update.Node, update.Update.GetRawText()));
        var question = Assert.IsType<AgentEvent.Interrupt>(Single("""{"type":"interrupt","value":{"ok":null},"id":"q1"}"""));
        Assert.Equal(("q1", """{"ok":null}"""), (question.Id, question.Value.GetRawText()));
        Assert.Equal(new AgentEvent.MessageDelta("draft", "m1", "Hel"), Single("""{"type":"delta","text":"Hel","message_id":"m1","node":"draft"}"""));
    }

    [Fact]
    public void Message_is_an_update_with_one_answer()
    {
        var answer = Message("""{"type":"message","content":[{"type":"text","text":"Hi"}],"id":"m1","name":"Ann"}""");

        Assert.Equal("""{"type":"ai","content":[{"type":"text","text":"Hi"}],"id":"m1","name":"Ann"}""", answer.GetRawText());
        Assert.Equal("tool", Message("""{"type":"message","role":"tool","content":"x","tool_call_id":"c1"}""").GetProperty("type").GetString());
        Assert.Equal("human", Message("""{"type":"human","content":"x"}""", name: "message").GetProperty("type").GetString());
        Assert.Equal("""{"type":"ai","id":"m2","content":"x"}""", Message("""{"type":"message","message_id":"m2","id":"m1","content":"x"}""").GetRawText());
    }

    [Theory]
    [InlineData("""{"type":"message","content":"Hello"}""")]
    [InlineData("""{"type":"update","values":{"count":1,"messages":[{"role":"user","content":"?"},{"role":"assistant","content":"Hello"}]}}""")]
    [InlineData("""{"type":"update","values":{"messages":{"type":"ai","content":"Hello"}}}""")]
    public void Answer_without_id_is_the_message_that_was_streamed_without_id(string brought)
    {
        var delta = Assert.IsType<AgentEvent.MessageDelta>(Single("""{"type":"delta","text":"Hel"}"""));
        Assert.Equal(delta.MessageId, Assert.IsType<AgentEvent.MessageDelta>(Single("""{"type":"delta","text":"lo"}""")).MessageId);

        var update = Assert.IsType<AgentEvent.StateUpdate>(Single(brought)).Update;

        Assert.Equal(delta.MessageId, update.GetProperty("messages").EnumerateArray().Last().GetProperty("id").GetString());
        Assert.Empty(json.Finish());
        Assert.NotEqual(delta.MessageId, Assert.IsType<AgentEvent.MessageDelta>(Single("""{"type":"delta","text":"Again"}""")).MessageId);
    }

    [Theory]
    [InlineData("done")]
    [InlineData("end of the stream")]
    [InlineData("interrupt")]
    public void Streamed_text_that_no_message_brings_becomes_one(string end)
    {
        var delta = Assert.IsType<AgentEvent.MessageDelta>(Single("""{"type":"delta","text":"Hel"}"""));
        Single("""{"type":"delta","text":"lo"}""");

        var last = end switch
        {
            "done" => json.Read(JsonElement.Parse("""{"type":"done"}""")),
            "interrupt" => json.Read(JsonElement.Parse("""{"type":"interrupt","value":1}""")),
            _ => json.Finish(),
        };

        var message = Assert.Single(Assert.IsType<AgentEvent.StateUpdate>(last[0]).Update.GetProperty("messages").EnumerateArray());
        Assert.Equal((delta.MessageId, "Hello"), (message.GetProperty("id").GetString(), message.Content()));
        Assert.Equal(end == "interrupt", last.Count > 1);
    }

    [Fact]
    public void Nothing_counts_that_is_said_after_done()
    {
        Assert.Empty(json.Read(JsonElement.Parse("""{"type":"done"}""")));

        Assert.True(json.IsDone);
        Assert.Empty(json.Read(JsonElement.Parse("""{"type":"error","message":"late"}""")));
    }

    [Theory]
    [InlineData("""{"type":"error","message":"No paper","retryable":true}""", true)]
    [InlineData("""{"type":"error","message":"No paper"}""", false)]
    [InlineData("""{"type":"error","message":"No\u0000paper","retryable":null}""", false)]
    public void Error_fails_the_run_in_the_words_of_the_agent(string said, bool retryable)
    {
        var failure = Assert.Throws<AgentException>(() => Single(said));

        Assert.Equal(("No paper", retryable), (failure.Message, failure.Retryable));
    }

    [Theory]
    [InlineData("""{"type":"delta"}""", "\"text\" is not a text")]
    [InlineData("""{"type":"delta","text":7}""", "\"text\" is not a text")]
    [InlineData("""{"type":"update","values":[]}""", "\"values\" is not an object")]
    [InlineData("""{"type":"update"}""", "\"values\" is not an object")]
    [InlineData("""{"type":"message"}""", "\"content\" is not a value")]
    [InlineData("""{"type":"custom"}""", "\"data\" is not a value")]
    [InlineData("""{"type":"error","message":"x","retryable":"yes"}""", "\"retryable\" is not true or false")]
    [InlineData("""{"type":"usage","input_tokens":-1}""", "\"input_tokens\" is not a whole number")]
    [InlineData("""{"type":"progress","percent":"10"}""", "\"percent\" is not a number")]
    [InlineData("""{"text":"Hel"}""", "without \"type\"")]
    public void Event_that_makes_no_sense_is_told_with_its_fault(string said, string fault)
    {
        var failure = Assert.Throws<AgentException>(() => Single(said));

        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }

    [Theory]
    [InlineData("Traceback (most recent call last):")]
    [InlineData("[1]")]
    [InlineData("{\"type\":")]
    [InlineData("""{"type":"done","type":"done"}""")]
    public void Line_that_is_no_object_is_shown(string line)
    {
        Assert.EndsWith($"no JSON object: {line}", Assert.Throws<AgentException>(() => json.Parse(line)).Message, StringComparison.Ordinal);
        Assert.EndsWith(": " + new string('x', 200) + "…", Assert.Throws<AgentException>(() => json.Parse(new string('x', 5000))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_that_is_no_UTF_8_is_refused() => Assert.Throws<AgentException>(() => json.Parse([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}']));

    [Fact]
    public void Ready_is_no_event_and_counts_until_something_else_is_said()
    {
        Assert.Empty(json.Read(JsonElement.Parse("""{"type":"ready"}""")));
        Assert.True(json.IsReady);

        Single("""{"type":"step"}""");
        Assert.False(json.IsReady);
    }

    [Fact]
    public void Unknown_type_is_passed_over_and_logged_once()
    {
        Assert.Empty(json.Read(JsonElement.Parse("""{"type":"telepathy"}""")));
        Assert.Empty(json.Read(JsonElement.Parse("""{"type":"telepathy"}""")));

        var (level, line) = Assert.Single(log.Lines);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("telepathy", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"log","message":"look"}""", LogLevel.Information)]
    [InlineData("""{"type":"log","message":"look","level":"warning"}""", LogLevel.Warning)]
    [InlineData("""{"type":"log","message":"look","level":"ERROR"}""", LogLevel.Error)]
    public void Log_goes_to_the_log_of_the_run(string said, LogLevel level)
    {
        Assert.Empty(json.Read(JsonElement.Parse(said)));

        Assert.Equal((level, "The agent says: look"), Assert.Single(log.Lines));
    }

    [Theory]
    [InlineData("""{"type":"error","message":"Wrong key sk-very-secret"}""")]
    [InlineData("""{"type":"delta","message":"sk-very-secret"}""")]
    [InlineData("""{"of":"sk-very-secret"}""")]
    public void Secret_is_not_in_a_failure(string line)
    {
        var failure = Assert.Throws<AgentException>(() => json.Read(json.Parse(line)));

        Assert.Contains("***", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("very", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Excerpt_does_not_end_in_the_middle_of_a_secret() =>
        Assert.DoesNotContain("sk", Assert.Throws<AgentException>(() => json.Parse(new string('x', 195) + "sk-very-secret")).Message, StringComparison.Ordinal);

    [Fact]
    public void Secret_is_not_in_the_log_nor_in_an_event_and_all_else_is_as_it_was_said()
    {
        json.Read(json.Parse("""{"type":"log","message":"Took sk-very-secret"}"""));
        json.Read(json.Parse("""{"type":"sk-very-secret"}"""));
        var update = (AgentEvent.StateUpdate)Assert.Single(json.Read(json.Parse("""{"type":"update","values":{"n":1.50,"told":["sk\u002dvery-secret!","\u00e9"]}}""")));

        Assert.Equal("""{"n":1.50,"told":["***!","\u00e9"]}""", update.Update.GetRawText());
        Assert.Contains("***", log.Lines[0].Line, StringComparison.Ordinal);
        Assert.All(log.Lines, line => Assert.DoesNotContain("secret", line.Line, StringComparison.Ordinal));
    }

    [Fact]
    public void Secret_that_was_streamed_in_pieces_is_not_in_the_message_that_they_make()
    {
        json.Read(json.Parse("""{"type":"delta","text":"It is sk-very"}"""));
        json.Read(json.Parse("""{"type":"delta","text":"-secret."}"""));

        Assert.Equal("It is ***.", json.Finish().Answer().Content());
    }

    private AgentEvent Single(string said) => Assert.Single(json.Read(JsonElement.Parse(said)));

    private JsonElement Message(string said, string? name = null) =>
        Assert.Single(Assert.IsType<AgentEvent.StateUpdate>(Assert.Single(json.Read(JsonElement.Parse(said), name))).Update.GetProperty("messages").EnumerateArray());

    private sealed class LineLogger : ILogger
    {
        public List<(LogLevel Level, string Line)> Lines { get; } = [];

        public IDisposable BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
