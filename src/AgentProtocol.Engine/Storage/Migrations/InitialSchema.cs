using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>
/// The first schema. Written by hand, because partitions, partial indexes and fill factors are what it is about.
/// A test compares it with the model of <see cref="ProtocolDbContext"/>.
/// </summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121000000_InitialSchema")]
internal sealed class InitialSchema : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        create table threads (
            thread_id   uuid primary key,
            seq         bigint generated always as identity,
            owner       text not null default 'local',
            metadata    text not null default '{}',
            filter      jsonb,
            ttl         text,
            temporary   boolean not null default false,
            created_at  timestamptz not null default now()
        );
        create index threads_by_owner on threads (owner, created_at desc, seq desc) where not temporary;
        create index threads_by_metadata on threads using gin (filter jsonb_path_ops) where filter is not null;
        create index threads_temporary on threads (created_at) where temporary;

        -- One row per thread on which every decision about it is made. Hot: no column that changes is indexed.
        create table thread_heads (
            thread_id        uuid primary key,
            owner            text not null default 'local',
            status           text not null default 'idle' check (status in ('idle', 'busy', 'interrupted', 'error')),
            agent            text,
            assistant_id     uuid,
            config           text,
            error            text,
            head             uuid,
            head_n           integer not null default 0,
            last_n           integer not null default 0,
            segment          integer not null default 0,
            "values"         text not null default '{}',
            value_filter     jsonb,
            active_run       uuid,
            waiting          integer not null default 0 check (waiting >= 0),
            unmerged         integer not null default 0 check (unmerged >= 0),
            run_no           bigint not null default 0,
            updated_at       timestamptz not null default now(),
            state_updated_at timestamptz,
            check ((head is null) = (head_n = 0))
        ) with (fillfactor = 70);

        -- State is segments: a snapshot at n = segment, then deltas.
        create table checkpoints (
            thread_id     uuid not null,
            n             integer not null,
            id            uuid not null,
            owner         text not null default 'local',
            parent_id     uuid,
            run_id        uuid,
            step          integer not null,
            source        text not null check (source in ('input', 'loop', 'update', 'fork')),
            node          text,
            segment       integer not null,
            delta         text,
            snapshot      text,
            replaced_head uuid,
            created_at    timestamptz not null default now(),
            primary key (thread_id, n),
            check ((snapshot is not null) = (n = segment)),
            check ((delta is not null) = (n <> segment))
        );

        create table runs (
            run_id        uuid primary key,
            thread_id     uuid not null,
            run_no        bigint not null,
            owner         text not null default 'local',
            agent         text not null,
            assistant_id  uuid not null,
            request       text not null,
            metadata      text not null default '{}',
            filter        jsonb,
            strategy      text not null,
            stateless     boolean not null default false,
            parent_run_id uuid,
            status        text not null default 'active' check (status in ('active', 'success', 'error', 'timeout', 'interrupted')),
            error_type    text,
            error         text,
            usage         text,
            progress      text,
            unmerged      boolean not null default false,
            attempt       integer not null default 0,
            event_count   bigint,
            created_at    timestamptz not null default now(),
            ended_at      timestamptz,
            unique (thread_id, run_no),
            check ((status = 'active') = (ended_at is null)),
            check ((status = 'active') = (event_count is null)),
            check (not unmerged or status = 'interrupted')
        ) with (fillfactor = 80);
        create index runs_by_metadata on runs using gin (filter jsonb_path_ops) where filter is not null;

        -- Exists only while a run has not ended. 0 waiting, 1 delayed, 2 ready, 3 running.
        create table run_work (
            run_id        uuid primary key,
            thread_id     uuid not null,
            run_no        bigint not null,
            owner         text not null default 'local',
            state         smallint not null check (state between 0 and 3),
            priority      smallint not null default 0,
            available_at  timestamptz not null default now(),
            node          uuid,
            fence         integer not null default 0,
            attempt       integer not null default 0,
            failures      integer not null default 0,
            losses        integer not null default 0,
            next_event    bigint not null default 0,
            progress      text,
            usage         text,
            settle        text check (settle in ('interrupt', 'rollback', 'timeout')),
            settle_reason text,
            signal_no     integer not null default 0,
            stream_node   uuid,
            disconnect_at timestamptz,
            deadline_at   timestamptz,
            check ((state = 3) = (node is not null))
        ) with (fillfactor = 70);
        create unique index run_work_slot on run_work (thread_id) where state > 0;
        create index run_work_waiting on run_work (thread_id, run_no) where state = 0;
        create index run_work_ready on run_work (priority, available_at, run_id) where state = 2;
        create index run_work_signals on run_work (node) where signal_no > 0;

        -- Pages of frames. Days are partitions, found by the time inside of the run's UUIDv7.
        create table run_events (
            run_id      uuid not null,
            first_event bigint not null,
            count       integer not null check (count > 0),
            owner       text not null default 'local',
            frames      text not null,
            primary key (run_id, first_event)
        ) partition by range (run_id);

        create table nodes (
            id         uuid primary key,
            name       text not null,
            roles      text not null,
            capacity   integer not null,
            beat       bigint not null default 0,
            started_at timestamptz not null default now()
        ) with (fillfactor = 50);
        """;
}
