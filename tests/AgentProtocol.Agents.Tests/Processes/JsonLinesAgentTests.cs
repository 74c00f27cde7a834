using System.Text.Json;
using Microsoft.Extensions.Logging;
using static AgentProtocol.Agents.Tests.Processes.Programs;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>Programs that speak JSON lines.</summary>
public class JsonLinesAgentTests
{
    private const string TellsItsRun = """printf '{"type":"custom","data":%s}\n' "$run" """;

    private readonly ListLogger log = new();

    [Fact]
    public async Task Program_is_told_all_about_its_run()
    {
        var context = AgentRuns.On("""{"type":"human","content":"a \"quoted\"\ntext \ud83d"}""") with
        {
            Attempt = 2,
            CompletedSteps = 1,
            Input = JsonElement.Parse("{\r\n  \"number\": 1.50\n}"),
            Context = JsonElement.Parse("[1]"),
            Interrupts = [new AgentInterrupt("q1", JsonElement.Parse("\"Sure?\""), JsonElement.Parse("true")), new AgentInterrupt("q2", JsonElement.Parse("2"), default)],
        };

        var told = Assert.Single(await Shell(TellsItsRun).EventsAsync(context)).Data();

        Assert.Equal(
            $$"""
            {"type":"run","run_id":"{{context.RunId}}","thread_id":"{{context.ThreadId}}","agent_id":"agent","attempt":2,"completed_steps":1,
            "input":{    "number": 1.50 },"messages":[{"type":"human","content":"a \"quoted\"\ntext \ud83d"}],"values":{},"config":null,"context":[1],
            "resume_node":null,"interrupts":[{"id":"q1","value":"Sure?","answer":true},{"id":"q2","value":2}]}
            """.ReplaceLineEndings(""),
            told.GetRawText());
    }

    [Fact]
    public async Task Program_that_ends_well_has_succeeded()
    {
        var events = await Shell("""
            echo '{"type":"delta","text":"good "}'
            echo '{"type":"message","content":"good day"}'
            """).EventsAsync();

        Assert.Equal("good day", events.Answer().Content());
        Assert.Equal(((AgentEvent.MessageDelta)events[0]).MessageId, events.Answer().GetProperty("id").GetString());
        Assert.All(events, e => Assert.Equal("agent", e is AgentEvent.StateUpdate update ? update.Node : ((AgentEvent.MessageDelta)e).Node));
    }

    [Fact]
    public async Task Streamed_text_that_no_message_brings_becomes_one_when_the_program_ends() =>
        Assert.Equal("good day", (await Shell("""echo '{"type":"delta","text":"good "}'; echo; echo '{"type":"delta","text":"day"}'""").EventsAsync()).Answer().Content());

    [Fact]
    public async Task First_node_is_that_of_lines_that_name_none() =>
        Assert.Equal("work", Assert.IsType<AgentEvent.StateUpdate>(Assert.Single(
            await (Shell("""echo '{"type":"update","values":{}}'""") with { Nodes = ["work", "rest"] }).EventsAsync())).Node);

    [Fact]
    public async Task Exit_code_fails_the_run_with_the_end_of_standard_error()
    {
        var failure = await Shell("""
            echo '{"type":"custom","data":1}'
            i=0; while [ $i -lt 300 ]; do echo "early line $i" >&2; i=$((i+1)); done
            printf 'out of \033[31mpaper\0\n' >&2
            exit 3
            """).FailureAsync();

        Assert.StartsWith("The program exited with code 3: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("early line 299\nout of  [31mpaper", failure.Message, StringComparison.Ordinal);
        Assert.InRange(failure.Message.Length, 1500, 2100);
        Assert.False(failure.Retryable);
    }

    [Fact]
    public async Task Program_that_a_signal_has_killed_has_failed() =>
        Assert.Equal("The program exited with code 137 (as after SIGKILL)", (await Shell("kill -9 $$").FailureAsync()).Message);

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task Program_says_itself_why_it_fails_and_whether_to_try_again(string retryable, bool expected)
    {
        var failure = await Shell($$"""echo '{"type":"error","message":"out of paper","retryable":{{retryable}}}'; exit 1""").FailureAsync();

        Assert.Equal(("out of paper", expected), (failure.Message, failure.Retryable));
    }

    [Fact]
    public async Task Line_that_is_no_JSON_fails_the_run_at_once() =>
        Assert.Contains("no JSON object: hello", (await Shell("echo hello; while read -r line; do :; done").FailureAsync()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Line_has_a_longest_length() => Assert.Contains(
        "more than 8388608 bytes", (await Shell("head -c 9000000 /dev/zero | tr '\\0' a").FailureAsync()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Missing_program_is_named() => Assert.Equal(
        "There is no program \"no-such-program\" on this server",
        (await (Shell("") with { Command = "no-such-program" }).FailureAsync()).Message);

    [Fact]
    public async Task Done_succeeds_and_ends_the_programs_input()
    {
        var events = await Shell("""
            echo '{"type":"custom","data":1}'; echo '{"type":"done"}'; echo '{"type":"custom","data":2}'
            while read -r line; do :; done
            exit 5
            """).EventsAsync(Logged());

        Assert.Equal("1", Assert.Single(events).Data().GetRawText());
        Assert.Equal(
            [(LogLevel.Warning, "The program sent a line after it was done, which is ignored"), (LogLevel.Warning, "The program exited with code 5 after it was done")],
            log.Lines);
    }

    [Fact]
    public async Task Program_that_does_not_end_after_it_is_done_is_ended() =>
        Assert.Empty(await (Shell("""echo '{"type":"done"}'; while :; do sleep 1000; done""") with { KillGrace = TimeSpan.FromMilliseconds(50) }).EventsAsync());

    [Fact]
    public async Task Logs_and_standard_error_go_to_the_runs_log()
    {
        await Shell("""
            echo '{"type":"log","level":"error","message":"careful"}'
            echo '{"type":"later"}'
            printf 'one\n\ntwo' >&2
            """).EventsAsync(Logged());

        Assert.Equal(
            [
                (LogLevel.Warning, "The agent said something of the unknown type \"later\"; this and all more of the type are passed over"),
                (LogLevel.Error, "The agent says: careful"),
                (LogLevel.Information, "stderr: one"),
                (LogLevel.Information, "stderr: two"),
            ],
            log.Lines.OrderBy(line => line.Text, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Log_does_not_grow_with_a_program_that_talks_for_ever()
    {
        await Shell("""
            head -c 100000 /dev/zero | tr '\0' x >&2; echo >&2
            i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done >&2
            """).EventsAsync(Logged());

        Assert.Equal("stderr: " + new string('x', 2000), log.Lines.First().Text);
        Assert.InRange(log.Lines.Count, 101, 2500);
        Assert.Contains(log.Lines, line => line.Text.EndsWith("more lines in the same second are left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Much_output_arrives_whole_at_a_slow_reader()
    {
        var count = 0;
        await foreach (var e in Shell("""i=0; while [ $i -lt 20000 ]; do echo '{"type":"custom","data":"some text that fills the pipe between program and server"}'; i=$((i+1)); done""")
            .Agent().RunAsync(AgentRuns.Saying("x"), AgentRuns.TestToken))
        {
            e.Data();
            count++;
            if (count % 1000 == 0)
            {
                await Task.Yield();
            }
        }

        Assert.Equal(20_000, count);
    }

    [Fact]
    public async Task Program_that_does_not_read_holds_up_nobody()
    {
        var much = AgentRuns.Saying(new string('x', 2_000_000));

        Assert.Single(await (Plain("""echo '{"type":"custom","data":1}'""") with { Mode = Agents.Processes.ProcessMode.JsonLines }).EventsAsync(much));
        Assert.Single(await (Plain("""exec 0<&-; echo '{"type":"custom","data":1}'; sleep 0.1""") with { Mode = Agents.Processes.ProcessMode.JsonLines }).EventsAsync(much));
    }

    [Fact]
    public async Task Messages_of_the_inbox_are_given_where_the_program_is_ready()
    {
        ListInbox inbox = new();
        List<AgentEvent> events = [];
        var program = Shell("""
            tell() { IFS= read -r line; printf '{"type":"custom","data":%s}\n' "$line"; }
            echo '{"type":"ready"}'; tell
            echo '{"type":"ready"}'; tell
            """) with
        { Steerable = true };
        Assert.True(Agents.Processes.ProcessAgents.Create("agent", program).IsSteerable);

        await foreach (var e in program.Agent().RunAsync(AgentRuns.Saying("x") with { Inbox = inbox }, AgentRuns.TestToken))
        {
            events.Add(e);
            inbox.Add(AgentRuns.Human("plums too"));
        }

        Assert.Equal(
            ["""{"type":"messages","messages":[]}""", $$"""{"type":"messages","messages":[{{AgentRuns.Human("plums too")}}]}"""],
            events.Select(e => e.Data().GetRawText()));
    }

    [Fact]
    public async Task Draining_program_is_told_and_what_it_has_not_done_is_done_elsewhere()
    {
        using CancellationTokenSource draining = new();
        var program = Shell("""echo '{"type":"custom","data":1}'; IFS= read -r line; printf '{"type":"custom","data":%s}\n' "$line" """);
        List<AgentEvent> events = [];

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(program, draining, events));

        Assert.Equal("""{"type":"drain"}""", events[1].Data().GetRawText());
    }

    [Fact]
    public async Task Draining_program_that_is_done_has_succeeded()
    {
        using CancellationTokenSource draining = new();
        List<AgentEvent> events = [];

        await ReadAsync(Shell("""echo '{"type":"custom","data":1}'; IFS= read -r line; echo '{"type":"done"}'"""), draining, events);

        Assert.Single(events);
    }

    private static async Task ReadAsync(Agents.Processes.ProcessAgentOptions program, CancellationTokenSource draining, List<AgentEvent> events)
    {
        await foreach (var e in program.Agent().RunAsync(AgentRuns.Saying("x") with { Draining = draining.Token }, AgentRuns.TestToken))
        {
            events.Add(e);
            await draining.CancelAsync();
        }
    }

    private AgentContext Logged() => AgentRuns.Saying("hello") with { Logger = log };
}
