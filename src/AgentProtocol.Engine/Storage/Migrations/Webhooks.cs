using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Calls that are owed to ended runs, and what became of them.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121050000_Webhooks")]
internal sealed class Webhooks : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- When a run was claimed for the first time; null until then.
        alter table run_work add column started_at timestamptz;

        -- A row exists from the end of a run until its call was answered or given up. It holds all of the call, because
        -- run and thread may be deleted before. created_at is the run's end; a claim moves available_at behind its lease.
        create table webhook_outbox (
            run_id       uuid primary key,
            owner        text not null default 'local',
            url          text not null,
            host         text not null,
            body         text not null,
            attempt      integer not null default 0,
            fence        integer not null default 0,
            available_at timestamptz not null default now(),
            started_at   timestamptz,
            created_at   timestamptz not null default now()
        ) with (fillfactor = 80);
        create index webhook_outbox_due on webhook_outbox (host, available_at);

        create table webhook_deliveries (
            run_id      uuid not null,
            attempt     integer not null,
            owner       text not null default 'local',
            sent_at     timestamptz not null,
            status_code integer,
            error       text,
            duration_ms integer not null,
            outcome     text not null check (outcome in ('delivered', 'failed', 'given_up')),
            primary key (run_id, attempt)
        );
        create index webhook_deliveries_by_age on webhook_deliveries (sent_at);
        """;
}
