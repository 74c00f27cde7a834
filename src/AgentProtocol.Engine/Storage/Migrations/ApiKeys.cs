using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>The keys with which callers prove who they are.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121030000_ApiKeys")]
internal sealed class ApiKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- A plain SHA-256: the keys are 256 random bits, which nobody can guess however fast the hash is. A slow hash
        -- protects what people choose, and would cost every request.
        create table api_keys (
            id           uuid primary key,
            owner        text not null default 'local' check (owner <> ''),
            prefix       text not null unique,
            hash         bytea not null unique check (length(hash) = 32),
            scopes       text not null,
            name         text,
            created_at   timestamptz not null default now(),
            expires_at   timestamptz,
            revoked_at   timestamptz,
            last_used_at timestamptz
        ) with (fillfactor = 80);
        """;
}
