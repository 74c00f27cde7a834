using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentProtocol.Engine.Storage.Configurations;

internal sealed class CronConfiguration : IEntityTypeConfiguration<CronRow>
{
    public void Configure(EntityTypeBuilder<CronRow> builder)
    {
        builder.ToSnakeCaseTable("crons").HasKey(row => row.CronId);
        builder.Property(row => row.Seq).UseIdentityAlwaysColumn();
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}
