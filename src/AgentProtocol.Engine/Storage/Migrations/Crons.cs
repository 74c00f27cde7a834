using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Schedules that start runs.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121040000_Crons")]
internal sealed class Crons : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- A firing reserves the ids of its run here before it creates it, so that repeating it creates nothing twice.
        create table crons (
            cron_id          uuid primary key,
            seq              bigint generated always as identity,
            owner            text not null default 'local',
            assistant_id     uuid not null,
            thread_id        uuid,
            on_run_completed text not null check (on_run_completed in ('delete', 'keep')),
            schedule         text not null,
            timezone         text,
            end_time         timestamptz,
            enabled          boolean not null default true,
            payload          text not null,
            metadata         text not null default '{}',
            filter           jsonb,
            created_at       timestamptz not null default now(),
            updated_at       timestamptz not null default now(),
            next_run_date    timestamptz,
            firing_run       uuid,
            firing_thread    uuid,
            firing_until     timestamptz,
            check (enabled or next_run_date is null),
            check ((firing_run is null) = (firing_thread is null) and (firing_run is null) = (firing_until is null))
        ) with (fillfactor = 80);
        create index crons_due on crons (next_run_date) where next_run_date is not null;
        create index crons_by_owner on crons (owner, created_at desc, seq desc);
        create index crons_by_thread on crons (thread_id) where thread_id is not null;
        create index crons_by_metadata on crons using gin (filter jsonb_path_ops) where filter is not null;
        """;
}
