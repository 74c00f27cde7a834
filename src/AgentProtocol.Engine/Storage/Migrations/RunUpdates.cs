using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Messages for running runs, limits of runs, and runs that other runs start.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261128000000_RunUpdates")]
internal sealed class RunUpdates : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- What callers told a run while it was in flight. The executor that merges an update into the state marks it delivered
        -- in the same transaction; what a run has not taken when it ends is left to the thread, like the input of a run that
        -- never started.
        create table run_updates (
            run_id       uuid not null,
            n            integer not null,
            id           uuid not null,
            thread_id    uuid not null,
            run_no       bigint not null,
            owner        text not null default 'local',
            request      text not null,
            created_at   timestamptz not null default now(),
            delivered_at timestamptz,
            primary key (run_id, n)
        );
        create index run_updates_open on run_updates (thread_id) where delivered_at is null;
        create unique index run_updates_ids on run_updates (id);

        -- The number of the latest update of a run that has ended, so that runs without updates are shown without looking for some.
        alter table runs add column updates integer not null default 0;

        -- How many updates the active run has not taken yet: whether it may end is decided on this row.
        alter table thread_heads add column untaken integer not null default 0 check (untaken >= 0);

        alter table run_work
            -- The number of the latest update.
            add column updates integer not null default 0,
            add column agent text not null default '',
            add column parent_run_id uuid,
            add column time_limit interval,
            add column start_by timestamptz,
            -- The message that is being written, as far as it was when a page was written last.
            add column partial text,
            drop constraint run_work_settle_check,
            add constraint run_work_settle_check check (settle in ('steer', 'interrupt', 'rollback', 'timeout'));
        create index run_work_children on run_work (parent_run_id) where parent_run_id is not null;
        create index run_work_late on run_work (start_by) where start_by is not null;
        """;
}
