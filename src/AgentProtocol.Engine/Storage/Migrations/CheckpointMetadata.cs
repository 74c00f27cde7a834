using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>
/// Keeps of checkpoints' metadata what cannot be derived. Written by edits, copies and deletions only: a checkpoint of a
/// run takes its metadata from the run's row, however many there are.
/// </summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121080000_CheckpointMetadata")]
internal sealed class CheckpointMetadata : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        alter table checkpoints add column agent text, add column assistant_id uuid;

        create table checkpoint_runs (
            thread_id    uuid not null,
            run_id       uuid not null,
            owner        text not null default 'local',
            agent        text not null,
            assistant_id uuid not null,
            metadata     text not null default '{}',
            primary key (thread_id, run_id)
        );
        """;
}
