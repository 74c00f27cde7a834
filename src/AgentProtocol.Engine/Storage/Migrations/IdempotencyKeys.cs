using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Ids that requests have reserved under an idempotency key.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121070000_IdempotencyKeys")]
internal sealed class IdempotencyKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- Written before what it stands for exists, so nothing can refer to it; whoever deletes a run or a thread deletes its keys.
        create table idempotency_keys (
            owner      text not null default 'local',
            key        text not null,
            item       integer not null default 0,
            kind       text not null check (kind in ('run', 'thread')),
            hash       bytea not null,
            run_id     uuid,
            thread_id  uuid not null,
            created_at timestamptz not null default now(),
            primary key (owner, key, item),
            check ((kind = 'run') = (run_id is not null))
        );
        create index idempotency_keys_by_run on idempotency_keys (run_id) where run_id is not null;
        create index idempotency_keys_by_thread on idempotency_keys (thread_id);
        create index idempotency_keys_by_age on idempotency_keys (created_at);
        """;
}
