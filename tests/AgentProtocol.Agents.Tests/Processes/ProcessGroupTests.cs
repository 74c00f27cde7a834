using AgentProtocol.Agents.Processes;
using AgentProtocol.Testing;
using static AgentProtocol.Agents.Tests.Processes.Programs;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>How programs end, and that nothing of them is left behind.</summary>
public class ProcessGroupTests
{
    private readonly List<AgentEvent> events = [];

    [Fact]
    public async Task Cancelled_program_is_told_and_its_last_words_count()
    {
        await CancelledAsync(Shell("""
            trap 'IFS= read -r line; printf "{\"type\":\"custom\",\"data\":%s}\n" "$line"; exit 0' TERM
            printf '{"type":"custom","data":%s}\n' $$
            while :; do sleep 1000 & wait; done
            """));

        Assert.Equal("""{"type":"cancel","reason":"stopped"}""", events[1].Data().GetRawText());
        await AllDeadAsync();
    }

    [Fact]
    public async Task Program_that_ignores_its_cancellation_is_killed_after_the_grace_with_all_that_it_has_started()
    {
        await CancelledAsync(Shell("""
            trap '' TERM
            (trap '' TERM; while :; do sleep 1000; done) & printf '{"type":"custom","data":%s}\n' $!
            printf '{"type":"custom","data":%s}\n' $$
            while :; do sleep 1000; done
            """) with
        { KillGrace = TimeSpan.FromMilliseconds(100) },
            after: 2);

        await AllDeadAsync();
    }

    [Fact]
    public async Task Program_that_a_killed_one_has_put_into_a_group_of_its_own_is_killed_too()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "There is no setsid on macOS.");
        await CancelledAsync(Shell("""
            trap '' TERM
            setsid sleep 1000 & printf '{"type":"custom","data":%s}\n' $!
            while :; do sleep 1000; done
            """) with
        { KillGrace = TimeSpan.FromMilliseconds(100) });

        await AllDeadAsync();
    }

    [Fact]
    public async Task What_a_program_leaves_behind_ends_with_it()
    {
        events.AddRange(await Shell("""sleep 1000 & printf '{"type":"custom","data":%s}\n' $!""").EventsAsync());

        await AllDeadAsync();
    }

    [Theory]
    [InlineData("exec sleep 1000")]
    [InlineData("while :; do echo; echo >&2; done")]
    public async Task Run_does_not_wait_for_somebody_who_has_left_the_group_with_input_and_output(string leaver)
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "There is no setsid on macOS.");
        var program = Plain($$"""setsid sh -c '{{leaver}}' <&0 & printf '{"type":"custom","data":%s}\n' $!""") with { Mode = ProcessMode.JsonLines };

        events.AddRange(await program.EventsAsync(AgentRuns.Saying(new string('x', 2_000_000))));

        System.Diagnostics.Process.GetProcessById(events[0].Data().GetInt32()).Kill();
        await AllDeadAsync();
    }

    [Fact]
    public async Task Program_ends_when_nobody_asks_for_more()
    {
        await foreach (var e in Shell("""printf '{"type":"custom","data":%s}\n' $$; while :; do sleep 1000 & wait; done""")
            .Agent().RunAsync(AgentRuns.Saying("x"), AgentRuns.TestToken))
        {
            events.Add(e);
            break;
        }

        await AllDeadAsync();
    }

    [Fact]
    public async Task Program_that_waits_for_all_its_children_does_not_wait_for_the_guard()
    {
        Python.Require();
        var program = Shell("") with
        {
            Command = "python3",
            Arguments =
            [
                "-c",
                """
                import os
                try:
                    os.wait()
                except ChildProcessError:
                    print('{"type":"custom","data":"no children"}')
                """,
            ],
        };

        Assert.Equal("no children", Assert.Single(await program.EventsAsync()).Data().GetString());
    }

    [Fact]
    public async Task Cancelled_before_it_begins_nothing_is_started()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"process-{Guid.NewGuid():N}");
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        var agent = (Shell("") with { WorkingDirectory = folder }).Agent();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in agent.RunAsync(AgentRuns.Saying("x"), cancelled.Token))
            {
            }
        });

        Assert.False(Directory.Exists(folder));
    }

    /// <summary>Runs a program and cancels it when it has said so much.</summary>
    private async Task CancelledAsync(ProcessAgentOptions program, int after = 1)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(AgentRuns.TestToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var e in program.Agent().RunAsync(AgentRuns.Saying("x"), cancel.Token))
            {
                events.Add(e);
                if (events.Count == after)
                {
                    await cancel.CancelAsync();
                }
            }
        });
    }

    /// <summary>Every process whose id was said is no more.</summary>
    private async Task AllDeadAsync()
    {
        var ids = events.Select(e => e.Data()).Where(data => data.ValueKind == System.Text.Json.JsonValueKind.Number).Select(data => data.GetInt32()).ToList();
        Assert.NotEmpty(ids);
        await Until.TrueAsync(() => Task.FromResult(!ids.Exists(IsAlive)), AgentRuns.TestToken);
    }
}
