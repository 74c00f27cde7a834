using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>
/// Event logs that hold the streaming protocol's events beside those of a run's stream modes, pauses, and the place of
/// state edits among a thread's runs.
/// </summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121060000_ThreadStreams")]
internal sealed class ThreadStreams : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        -- Until now every entry had a number, so that a page's numbers are its positions.
        alter table run_events add column next_number bigint not null default 0;
        update run_events set next_number = first_event + count;

        alter table checkpoints add column after_run bigint;
        create index checkpoints_edits on checkpoints (thread_id, n) where after_run is not null;

        create table pauses (
            thread_id     uuid not null,
            checkpoint_id uuid not null,
            owner         text not null default 'local',
            node          text not null,
            interrupts    text not null default '[]',
            primary key (thread_id, checkpoint_id)
        );
        """);
}
