using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentProtocol.Engine.Storage.Configurations;

internal sealed class IdempotencyKeyConfiguration : IEntityTypeConfiguration<IdempotencyKeyRow>
{
    public void Configure(EntityTypeBuilder<IdempotencyKeyRow> builder) =>
        builder.ToSnakeCaseTable("idempotency_keys").HasKey(row => new { row.Owner, row.Key, row.Item });
}
