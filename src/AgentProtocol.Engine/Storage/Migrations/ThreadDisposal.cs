using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Runs that ask for the deletion of their thread when they have ended.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121090000_ThreadDisposal")]
internal sealed class ThreadDisposal : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table runs add column deletes_thread boolean not null default false;
        alter table thread_heads add column disposable boolean not null default false;
        """);
}
