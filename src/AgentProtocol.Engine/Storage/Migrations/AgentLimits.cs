using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Limits of runs per agent, and runs that were never started in time.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261128030000_AgentLimits")]
internal sealed class AgentLimits : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- Counts the running runs of an agent and finds its longest waiting ones. A change of state is no HOT update anyway.
        create index run_work_by_agent on run_work (agent, state, priority, available_at, run_id) where state > 1;

        -- The input of a run that was not started in time is left to its thread, like that of a superseded one.
        alter table runs
            drop constraint runs_check2,
            add constraint runs_unmerged_check check (not unmerged or status in ('interrupted', 'timeout'));
        """;
}
