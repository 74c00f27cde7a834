using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>The long-term store.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121010000_Store")]
internal sealed class Store : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- The key is a digest of namespace and key, because an index takes no more than 2.7 kB and both may be longer.
        create table store_items (
            owner      text not null default 'local',
            id         bytea not null,
            namespace  text collate "C" not null,
            key        text collate "C" not null,
            value      text not null,
            filter     jsonb,
            ttl        double precision,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now(),
            expires_at timestamptz,
            primary key (owner, id),
            check ((ttl is null) = (expires_at is null))
        );
        create index store_items_by_namespace on store_items (owner, left(namespace, 128));
        create index store_items_expiring on store_items (expires_at) where expires_at is not null;
        """;
}
