using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentProtocol.Engine.Storage.Migrations;

/// <summary>When to look whether a thread has outlived its time to live.</summary>
[DbContext(typeof(ProtocolDbContext))]
[Migration("20261121071000_ThreadExpiry")]
internal sealed class ThreadExpiry : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(Schema);

    private const string Schema =
        """
        -- No later than when the thread expires; null until somebody has looked. The last change itself is in the head, whose
        -- columns change too often to be indexed.
        alter table threads add column look_at timestamptz;
        create index threads_expiring on threads (coalesce(look_at, '-infinity')) where ttl is not null;
        """;
}
