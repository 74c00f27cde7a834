using System.Text;
using AgentProtocol.Agents.Processes;
using static AgentProtocol.Agents.Tests.Processes.Programs;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>Programs that know nothing of the server.</summary>
public class PlainAgentTests
{
    [Fact]
    public async Task Last_human_message_is_the_input_and_the_output_is_the_answer()
    {
        var context = AgentRuns.On(AgentRuns.Human("first"), AgentRuns.Human("zwölf\nlines"), """{"type":"ai","content":"third"}""");

        var events = await Plain("cat; echo; echo").EventsAsync(context);

        Assert.Equal("zwölf\nlines", events.Answer().Content());
        Assert.Equal("zwölf\nlines", string.Concat(events[..^1].Cast<AgentEvent.MessageDelta>().Select(piece => piece.Text)));
        Assert.All(events[..^1].Cast<AgentEvent.MessageDelta>(), piece => Assert.Equal(events.Answer().GetProperty("id").GetString(), piece.MessageId));
    }

    [Fact]
    public async Task Argument_takes_the_place_of_the_input_and_is_not_filled_in_twice()
    {
        var program = Plain("") with { Arguments = ["-c", """printf '%s|%s|' "$1" "$2"; cat""", "sh", "say: {input}", "{thread_id}"] };
        var context = AgentRuns.Saying("{run_id} $HOME \"x\"");

        Assert.Equal($"say: {{run_id}} $HOME \"x\"|{context.ThreadId}|", (await program.EventsAsync(context)).Answer().Content());
    }

    [Fact]
    public async Task History_is_the_whole_conversation()
    {
        var context = AgentRuns.On("""{"type":"system","content":"Be brief."}""", AgentRuns.Human("hello"), """{"type":"ai","content":"good day"}""", AgentRuns.Human("bye"));

        Assert.Equal(
            "system: Be brief.\n\nhuman: hello\n\nai: good day\n\nhuman: bye",
            (await (Plain("cat") with { History = true }).EventsAsync(context)).Answer().Content());
    }

    [Fact]
    public async Task Output_is_streamed_while_the_program_works()
    {
        var pieces = 0;
        var marker = Path.Combine(Path.GetTempPath(), $"process-{Guid.NewGuid():N}");

        // The program ends only when its first words have been seen.
        await foreach (var e in Plain($"echo first; while [ ! -e '{marker}' ]; do sleep 0.01; done; rm '{marker}'; echo second")
            .Agent().RunAsync(AgentRuns.Saying("x"), AgentRuns.TestToken))
        {
            if (++pieces == 1)
            {
                Assert.Equal("first", Assert.IsType<AgentEvent.MessageDelta>(e).Text);
                await File.WriteAllTextAsync(marker, "", AgentRuns.TestToken);
            }
        }

        Assert.Equal(3, pieces);
    }

    [Fact]
    public void Character_is_whole_however_its_bytes_arrive()
    {
        const string Text = "ä€\ud83d\ude00\r\n\nend";
        PlainAnswer answer = new(new Secrets());
        StringBuilder shown = new();

        foreach (var one in Encoding.UTF8.GetBytes(Text + "\n"))
        {
            var piece = answer.Add([one]);
            Assert.False(piece.EndsWith('\n'));
            Assert.True(piece.Length == 0 || !char.IsHighSurrogate(piece[^1]));
            shown.Append(piece);
        }

        Assert.Equal(Text, shown + answer.End());
        Assert.Equal(Text, answer.ToUpdate("m").GetProperty("messages")[0].Content());
    }

    [Fact]
    public void Half_a_character_at_the_end_is_shown_as_one_that_is_missing()
    {
        PlainAnswer answer = new(new Secrets());

        Assert.Equal("a", answer.Add("a\xe2"u8[..1]));
        Assert.Equal("", answer.Add([0xe2, 0x82]));
        Assert.Equal("\ufffd", answer.End());
    }

    [Fact]
    public void Answer_has_a_longest_length()
    {
        PlainAnswer answer = new(new Secrets());
        answer.Add(new byte[8 * 1024 * 1024]);

        Assert.Throws<AgentException>(() => answer.Add("x"u8));
    }

    [Fact]
    public async Task Exit_code_fails_the_run_with_the_end_of_standard_error() =>
        Assert.Equal("The program exited with code 4: out of paper", (await Plain("echo half an answer; echo 'out of paper' >&2; exit 4").FailureAsync()).Message);

    [Fact]
    public async Task Program_that_reads_nothing_may_still_answer() =>
        Assert.Equal("yes", (await Plain("echo yes").EventsAsync(AgentRuns.Saying(new string('x', 1_000_000)))).Answer().Content());

    [Fact]
    public async Task Answer_that_was_given_is_not_given_again() =>
        Assert.Empty(await Plain("echo again").EventsAsync(AgentRuns.Saying("x") with { CompletedSteps = 1 }));

    [Fact]
    public async Task Draining_program_is_stopped_and_starts_again_elsewhere()
    {
        using CancellationTokenSource draining = new();
        List<AgentEvent> events = [];

        // It would answer with half a text, as a success.
        var program = Plain("trap 'exit 0' TERM; echo half; while :; do sleep 1000 & wait; done");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var e in program.Agent().RunAsync(AgentRuns.Saying("x") with { Draining = draining.Token }, AgentRuns.TestToken))
            {
                events.Add(e);
                await draining.CancelAsync();
            }
        });

        Assert.IsType<AgentEvent.MessageDelta>(Assert.Single(events));
    }
}
