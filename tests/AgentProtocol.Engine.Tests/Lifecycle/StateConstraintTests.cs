using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Lifecycle;

/// <summary>What the database itself refuses, whatever the code does.</summary>
public sealed class StateConstraintTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncDisposable
{
    private readonly NpgsqlDataSource database = NpgsqlDataSource.Create(postgres.ConnectionString);

    [Fact]
    public async Task Work_rows_take_exactly_the_states_that_are_no_ends()
    {
        for (short state = -1; state <= (short)RunState.Erased; state++)
        {
            var isState = Enum.IsDefined((RunState)state) && !((RunState)state).IsTerminal;
            Assert.Equal(isState ? null : PostgresErrorCodes.CheckViolation, await RefusalAsync(Work(state, withNode: state == 3)));
        }
    }

    [Fact]
    public async Task Exactly_a_running_run_has_a_node()
    {
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Work((short)RunState.Running, withNode: false)));
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Work((short)RunState.Ready, withNode: true)));
    }

    [Fact]
    public async Task A_thread_has_one_slot()
    {
        var thread = Guid.NewGuid();
        Assert.Null(await RefusalAsync(Work((short)RunState.Ready, withNode: false, thread)));
        Assert.Null(await RefusalAsync(Work((short)RunState.Waiting, withNode: false, thread)));

        Assert.Equal(PostgresErrorCodes.UniqueViolation, await RefusalAsync(Work((short)RunState.Delayed, withNode: false, thread)));
    }

    [Fact]
    public async Task Runs_take_exactly_the_statuses_of_outcomes()
    {
        RunOutcome[] outcomes =
            [RunOutcome.Succeeded, RunOutcome.Failed("t", "m"), RunOutcome.TimedOut(TimeSpan.Zero), RunOutcome.Interrupted("r"), RunOutcome.LostTooOften(3),
             RunOutcome.WentIdle(TimeSpan.Zero), RunOutcome.NeverStarted(TimeSpan.Zero)];

        foreach (var outcome in outcomes)
        {
            Assert.Null(await RefusalAsync(Ended(outcome.Status)));
        }

        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Ended("pending")));
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Ended("active")));
    }

    [Fact]
    public async Task An_ended_run_knows_when_it_ended_and_how_many_events_it_has()
    {
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Run("success", "null", "0")));
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Run("success", "now()", "null")));
        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(Run("active", "now()", "0")));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private static string Work(short state, bool withNode, Guid? thread = null) =>
        $"""
         insert into run_work (run_id, thread_id, run_no, state, node)
         values (gen_random_uuid(), '{thread ?? Guid.NewGuid()}', 1, {state}, {(withNode ? "gen_random_uuid()" : "null")})
         """;

    private static string Ended(string status) => Run(status, "now()", "0");

    private static string Run(string status, string endedAt, string eventCount) =>
        $"""
         insert into runs (run_id, thread_id, run_no, agent, assistant_id, request, strategy, status, ended_at, event_count)
         values (gen_random_uuid(), gen_random_uuid(), 1, 'echo', gen_random_uuid(), 'null', 'enqueue', '{status}', {endedAt}, {eventCount})
         """;

    private async Task<string?> RefusalAsync(string sql)
    {
        try
        {
            await database.ExecuteAsync(sql);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState;
        }
    }
}
