using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Model;

public sealed class QueuePropertyTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private const int Sequences = 80;
    private const int Commands = 15;

    /// <summary>A failure prints the seed and the shortest sequence that fails; replay it with <c>Config.WithReplay</c>.</summary>
    [Fact]
    public void Whatever_happens_in_whatever_order_the_invariants_hold_and_the_model_agrees()
    {
        var command = from act in Gen.Frequency(
                          (6, Gen.Constant(QueueAct.Create)), (5, Gen.Constant(QueueAct.Claim)), (3, Gen.Constant(QueueAct.Write)),
                          (9, Gen.Elements(Enum.GetValues<QueueAct>().Except([QueueAct.DeleteThread]))), (1, Gen.Constant(QueueAct.DeleteThread)))
                      from a in Gen.Choose(0, 11)
                      from b in Gen.Choose(0, 59)
                      select new QueueCommand(act, a, b);
        var sequences = Arb.From(
            command.ListOf(Commands).Select(commands => commands.ToArray()),
            commands => commands.Select((_, i) => commands.Where((_, at) => at != i).ToArray()));

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Sequences),
            Prop.ForAll(sequences, commands => Run(commands)));
    }

    /// <summary>FsCheck waits for no task.</summary>
    private void Run(QueueCommand[] commands) => Task.Run(async () =>
    {
        await using var queue = new QueueHarness(postgres.ConnectionString);
        await new QueueMachine(queue).RunAsync(commands);
    }).GetAwaiter().GetResult();
}
