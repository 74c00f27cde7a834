using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace AgentProtocol.Engine.Storage;

/// <summary>The model for ordinary queries. Hot paths use named SQL in Storage, Queue and Events instead.</summary>
internal sealed class ProtocolDbContext(DbContextOptions<ProtocolDbContext> options) : DbContext(options)
{
    public DbSet<ThreadRow> Threads => Set<ThreadRow>();

    public DbSet<ThreadHeadRow> ThreadHeads => Set<ThreadHeadRow>();

    public DbSet<CheckpointRow> Checkpoints => Set<CheckpointRow>();

    public DbSet<RunRow> Runs => Set<RunRow>();

    public DbSet<RunWorkRow> RunWork => Set<RunWorkRow>();

    public DbSet<RunUpdateRow> RunUpdates => Set<RunUpdateRow>();

    public DbSet<RunEventRow> RunEvents => Set<RunEventRow>();

    public DbSet<AssistantRow> Assistants => Set<AssistantRow>();

    public DbSet<AssistantVersionRow> AssistantVersions => Set<AssistantVersionRow>();

    public DbSet<NodeRow> Nodes => Set<NodeRow>();

    public DbSet<WebhookOutboxRow> WebhookOutbox => Set<WebhookOutboxRow>();

    public DbSet<WebhookDeliveryRow> WebhookDeliveries => Set<WebhookDeliveryRow>();

    public DbSet<CronRow> Crons => Set<CronRow>();

    public DbSet<IdempotencyKeyRow> IdempotencyKeys => Set<IdempotencyKeyRow>();

    public DbSet<StoreItemRow> StoreItems => Set<StoreItemRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(ProtocolDbContext).Assembly);
}
