using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace AgentProtocol.Engine.Tests.Threads.Model;

public sealed class ThreadPropertyTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private const int Sequences = 40;
    private const int Commands = 16;

    /// <summary>A failure prints the seed and the shortest sequence that fails; replay it with <c>Config.WithReplay</c>.</summary>
    [Fact]
    public void Whatever_is_edited_branched_copied_and_pruned_every_checkpoint_reads_as_the_model_says()
    {
        var command = from act in Gen.Elements(Enum.GetValues<ThreadAct>())
                      from a in Gen.Choose(0, 5)
                      from b in Gen.Choose(0, 59)
                      select new ThreadCommand(act, a, b);
        var sequences = Arb.From(
            command.ListOf(Commands).Select(commands => commands.ToArray()),
            commands => commands.Select((_, i) => commands.Where((_, at) => at != i).ToArray()));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Sequences), Prop.ForAll(sequences, commands => Run(commands)));
    }

    /// <summary>FsCheck waits for no task.</summary>
    private void Run(ThreadCommand[] commands) => Task.Run(async () =>
    {
        await using var queue = new QueueHarness(postgres.ConnectionString);
        await new ThreadMachine(queue).RunAsync(commands);
    }).GetAwaiter().GetResult();
}
