using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentProtocol.Engine.Storage.Configurations;

internal sealed class WebhookOutboxConfiguration : IEntityTypeConfiguration<WebhookOutboxRow>
{
    public void Configure(EntityTypeBuilder<WebhookOutboxRow> builder) =>
        builder.ToSnakeCaseTable("webhook_outbox").HasKey(row => row.RunId);
}

internal sealed class WebhookDeliveryConfiguration : IEntityTypeConfiguration<WebhookDeliveryRow>
{
    public void Configure(EntityTypeBuilder<WebhookDeliveryRow> builder) =>
        builder.ToSnakeCaseTable("webhook_deliveries").HasKey(row => new { row.RunId, row.Attempt });
}
