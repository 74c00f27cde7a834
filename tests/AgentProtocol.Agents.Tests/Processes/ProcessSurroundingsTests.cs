using AgentProtocol.Agents.Processes;
using static AgentProtocol.Agents.Tests.Processes.Programs;

namespace AgentProtocol.Agents.Tests.Processes;

/// <summary>What a program sees of the server, and what it may use.</summary>
public sealed class ProcessSurroundingsTests : IDisposable
{
    private const string Secret = "PROCESS_AGENT_TEST_SECRET";
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"process-{Guid.NewGuid():N}");

    public ProcessSurroundingsTests() => Environment.SetEnvironmentVariable(Secret, "hidden");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Secret, null);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Secrets_of_the_server_are_not_in_the_environment()
    {
        var seen = await AnswerAsync(Plain("env") with { Environment = new Dictionary<string, string> { ["GIVEN"] = "a b", ["LANG"] = "C" } });

        Assert.DoesNotContain("hidden", seen, StringComparison.Ordinal);
        Assert.Contains("GIVEN=a b\n", seen, StringComparison.Ordinal);
        Assert.Contains("LANG=C\n", seen, StringComparison.Ordinal);
        Assert.Contains($"PATH={Environment.GetEnvironmentVariable("PATH")}", seen, StringComparison.Ordinal);

        // What the shell itself sets is not from us.
        string[] fromShell = ["PWD", "OLDPWD", "SHLVL", "_"];
        var names = seen.Split('\n').Select(line => line.Split('=')[0]).Except(fromShell);
        Assert.All(names, name => Assert.Matches("^(GIVEN|PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|TMP|TEMP)$", name));
    }

    [Fact]
    public async Task Variables_that_are_allowed_pass() =>
        Assert.Equal("hidden", await AnswerAsync(Plain($"printf %s \"${Secret}\"") with { EnvironmentAllow = [Secret, "NOT_THERE"] }));

    [Theory]
    [InlineData("echo \"wrong key: $KEY\" >&2; exit 1")]
    [InlineData("printf 'wrong key: ' >&2; printf %s \"$KEY\" | head -c 5 >&2; printf %s \"$KEY\" | tail -c +6 >&2; exit 1")]
    public async Task Secret_that_a_program_was_given_is_not_in_its_failure_nor_in_the_log(string script)
    {
        ListLogger log = new();
        var program = Plain(script) with { Environment = new Dictionary<string, string> { ["KEY"] = "sk-very-secret" } };

        var failure = await program.FailureAsync(AgentRuns.Saying("x") with { Logger = log });

        Assert.Equal("The program exited with code 1: wrong key: ***", failure.Message);
        Assert.Equal("stderr: wrong key: ***", Assert.Single(log.Lines).Text);
    }

    [Fact]
    public async Task Secret_is_not_in_the_answer_in_whatever_pieces_it_comes()
    {
        var program = Plain("printf sk-very; printf -- -secret; printf ' sk-'") with { Environment = new Dictionary<string, string> { ["KEY"] = "Bearer sk-very-secret" } };

        var events = await program.EventsAsync();

        Assert.Equal("*** sk-", events.Answer().Content());
        Assert.Equal("*** sk-", string.Concat(events.OfType<AgentEvent.MessageDelta>().Select(piece => piece.Text)));
    }

    [Fact]
    public async Task Folder_that_a_program_was_given_may_be_named() =>
        Assert.Equal(Path.GetTempPath(), await AnswerAsync(Plain("printf %s \"$WHERE\"") with { Environment = new Dictionary<string, string> { ["WHERE"] = Path.GetTempPath() } }));

    [Fact]
    public async Task Working_directory_is_made_for_each_run()
    {
        var context = AgentRuns.Saying("x");
        var program = Plain("pwd -P; echo kept > file") with { WorkingDirectory = Path.Combine(folder, "{thread_id}", "{run_id}") };

        var answer = (await program.EventsAsync(context)).Answer().Content();

        Assert.EndsWith($"/{context.ThreadId}/{context.RunId}", answer, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, context.ThreadId.ToString(), context.RunId.ToString(), "file")));
    }

    [Fact]
    public async Task Working_directory_that_cannot_be_made_fails_the_run()
    {
        await File.WriteAllTextAsync(folder + ".txt", "", AgentRuns.TestToken);

        var failure = await (Plain("pwd") with { WorkingDirectory = Path.Combine(folder + ".txt", "inside") }).FailureAsync();

        Assert.Contains("working directory cannot be made", failure.Message, StringComparison.Ordinal);
        File.Delete(folder + ".txt");
    }

    [Fact]
    public async Task Memory_and_cpu_time_are_limited()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Memory is limited on Linux only.");

        Assert.Equal("524288 7 8", await AnswerAsync(Plain("echo $(ulimit -v) $(ulimit -S -t) $(ulimit -H -t)") with { MemoryMb = 512, CpuSeconds = 7 }));
        Assert.Equal("unlimited unlimited", await AnswerAsync(Plain("echo $(ulimit -v) $(ulimit -t)")));
    }

    [Fact]
    public async Task Program_that_takes_too_much_cpu_time_is_told_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "CPU time is not limited on Windows.");

        var failure = await (Plain("while :; do :; done") with { CpuSeconds = 1 }).FailureAsync();

        Assert.Equal("The program exited with code 152 (as after SIGXCPU: its CPU time is used up)", failure.Message);
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused()
    {
        ProcessAgentOptions program = new() { Command = "sh" };
        ProcessAgentOptions[] wrong =
        [
            program with { Command = " " },
            program with { Mode = ProcessMode.Plain, Steerable = true },
            program with { History = true },
            program with { KillGrace = TimeSpan.FromMinutes(2) },
            program with { CpuSeconds = 0 },
        ];

        Assert.All(wrong, options => Assert.Throws<AgentConfigurationException>(() => ProcessAgents.Create("agent", options)));
    }

    private static async Task<string> AnswerAsync(ProcessAgentOptions program) => (await program.EventsAsync()).Answer().Content();
}
