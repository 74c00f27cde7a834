using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentProtocol.Engine.Storage.Configurations;

internal sealed class AssistantConfiguration : IEntityTypeConfiguration<AssistantRow>
{
    public void Configure(EntityTypeBuilder<AssistantRow> builder)
    {
        builder.ToSnakeCaseTable("assistants").HasKey(row => new { row.Owner, row.AssistantId });
        builder.Property(row => row.Seq).UseIdentityAlwaysColumn();
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}

internal sealed class AssistantVersionConfiguration : IEntityTypeConfiguration<AssistantVersionRow>
{
    public void Configure(EntityTypeBuilder<AssistantVersionRow> builder)
    {
        builder.ToSnakeCaseTable("assistant_versions").HasKey(row => new { row.Owner, row.AssistantId, row.Version });
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}
