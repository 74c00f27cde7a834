using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class RunCreateRulesTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"assistant_id":"a","input":null,"command":null,"webhook":null,"interrupt_before":[],"checkpoint":{}}""")]
    [InlineData("""{"input":7,"stream_mode":"values","if_not_exists":"create","on_disconnect":"continue","durability":"async"}""")]
    [InlineData("""{"stream_mode":["values","updates","messages","messages-tuple","custom"],"stream_subgraphs":true,"feedback_keys":["k"]}""")]
    [InlineData("""{"checkpoint":{"thread_id":"0199aaaa-0000-7000-8000-000000000000","checkpoint_ns":"","checkpoint_map":null}}""")]
    [InlineData("""{"webhook":"https://example.org/hook?key=1"}""")]
    [InlineData("""{"webhook":"/hooks/run"}""")]
    [InlineData("""{"timeouts":null}""")]
    [InlineData("""{"timeouts":{"total":0.5,"idle":null,"queue_wait":1e300,"other":true}}""")]
    [InlineData("""{"command":{"resume":1},"interrupt_before":"*","interrupt_after":["agent"],"checkpoint_during":false}""")]
    [InlineData("""{"command":{"update":[["a",1]],"goto":[]},"input":{},"stream_mode":["debug","events","tasks","checkpoints","tools"]}""")]
    [InlineData("""{"on_completion":"complete"}""")]
    [InlineData("""{"after_seconds":0.5,"multitask_strategy":"rollback","langsmith_tracer":{"project_name":"p"}}""")]
    public void What_the_clients_send_by_default_is_accepted(string body) => RunCreateRules.Check(Parse(body));

    [Theory]
    [InlineData("metadata", "[]")]
    [InlineData("config", "\"x\"")]
    [InlineData("context", "1")]
    [InlineData("messages", "{}")]
    [InlineData("after_seconds", "-1")]
    [InlineData("after_seconds", "1e999")]
    [InlineData("if_not_exists", "\"maybe\"")]
    [InlineData("on_disconnect", "\"stay\"")]
    [InlineData("durability", "\"never\"")]
    [InlineData("stream_mode", "\"everything\"")]
    [InlineData("webhook", "\"\"")]
    [InlineData("webhook", "\"example.org/hook\"")]
    [InlineData("webhook", "\"ftp://example.org\"")]
    [InlineData("webhook", "\"https://user:secret@example.org\"")]
    [InlineData("interrupt_before", "1")]
    [InlineData("interrupt_after", "[1]")]
    [InlineData("checkpoint_id", "\"x\"")]
    [InlineData("command", "[]")]
    public void Values_out_of_range_name_their_field(string field, string value)
    {
        var refusal = Assert.Throws<ProtocolException>(() => RunCreateRules.Check(Parse($$"""{"{{field}}":{{value}}}""")));
        Assert.Equal(ErrorCode.ValidationError, refusal.Code);
        Assert.Equal(["body", field], Assert.Single(refusal.Errors!).Loc);
    }

    [Theory]
    [InlineData("""{"command":{"resume":1},"input":{"messages":[]}}""", "command: excludes input")]
    [InlineData("""{"command":{"goto":"agent"}}""", "command.goto: needs a graph: the agents of this server choose their steps themselves")]
    [InlineData("""{"command":{"update":[["a"]]}}""", "command.update: must be an object or a list of [key, value] pairs")]
    [InlineData("""{"timeouts":{"total":0}}""", "timeouts.total: must be a positive number of seconds")]
    [InlineData("""{"timeouts":{"idle":-1}}""", "timeouts.idle: must be a positive number of seconds")]
    [InlineData("""{"timeouts":{"queue_wait":1e999}}""", "timeouts.queue_wait: must be a positive number of seconds")]
    [InlineData("""{"checkpoint":{"checkpoint_id":"x"}}""", "checkpoint.checkpoint_id: must be a checkpoint's id")]
    [InlineData("""{"checkpoint":{"checkpoint_ns":"sub"}}""", "checkpoint.checkpoint_ns: must be empty: runs start at the root")]
    [InlineData("""{"config":{"configurable":{"checkpoint_id":7}}}""", "config.configurable.checkpoint_id: must be a checkpoint's id")]
    public void Commands_and_checkpoints_are_refused_where_they_cannot_work(string body, string message) =>
        Assert.Equal(message, Assert.Throws<ProtocolException>(() => RunCreateRules.Check(Parse(body))).Message);

    [Fact]
    public void All_refused_fields_are_reported_at_once()
    {
        var refusal = Assert.Throws<ProtocolException>(() => RunCreateRules.Check(Parse("""{"webhook":"x","metadata":1}""")));
        Assert.Equal(["metadata", "webhook"], refusal.Errors!.Select(error => error.Loc[1]));
    }

    private static RunCreate Parse(string body) => JsonSerializer.Deserialize(body, ProtocolJsonContext.Default.RunCreate)!;
}
