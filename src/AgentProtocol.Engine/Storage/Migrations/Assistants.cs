using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Assistants with their versions, and what a run keeps of its assistant and its thread.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121020000_Assistants")]
internal sealed class Assistants : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        create table assistants (
            owner        text not null default 'local',
            assistant_id uuid not null,
            seq          bigint generated always as identity,
            graph_id     text not null,
            version      integer not null,
            last_version integer not null,
            name         text not null,
            description  text,
            config       text not null default '{}',
            context      text not null default '{}',
            metadata     text not null default '{}',
            filter       jsonb,
            created_at   timestamptz not null default now(),
            updated_at   timestamptz not null default now(),
            primary key (owner, assistant_id),
            check (version between 1 and last_version)
        );
        create index assistants_by_owner on assistants (owner, created_at desc, seq desc);
        create index assistants_by_metadata on assistants using gin (filter jsonb_path_ops) where filter is not null;

        create table assistant_versions (
            owner        text not null default 'local',
            assistant_id uuid not null,
            version      integer not null,
            graph_id     text not null,
            name         text not null,
            description  text,
            config       text not null default '{}',
            context      text not null default '{}',
            metadata     text not null default '{}',
            filter       jsonb,
            created_at   timestamptz not null default now(),
            primary key (owner, assistant_id, version)
        );

        -- As they were when the run was created: it shall not change with them.
        alter table runs add column assistant text, add column thread_config text;
        """;
}
