using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>Finds the children of runs that have ended.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261128060000_ChildrenOfRuns")]
internal sealed class ChildrenOfRuns : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        "create index runs_children on runs (parent_run_id) where parent_run_id is not null;");
}
