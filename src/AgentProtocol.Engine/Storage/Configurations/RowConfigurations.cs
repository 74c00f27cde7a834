using System.Text.RegularExpressions;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentProtocol.Engine.Storage.Configurations;

internal sealed class ThreadConfiguration : IEntityTypeConfiguration<ThreadRow>
{
    public void Configure(EntityTypeBuilder<ThreadRow> builder)
    {
        builder.ToSnakeCaseTable("threads").HasKey(row => row.ThreadId);
        builder.Property(row => row.Seq).UseIdentityAlwaysColumn();
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}

internal sealed class ThreadHeadConfiguration : IEntityTypeConfiguration<ThreadHeadRow>
{
    public void Configure(EntityTypeBuilder<ThreadHeadRow> builder)
    {
        builder.ToSnakeCaseTable("thread_heads").HasKey(row => row.ThreadId);
        builder.Property(row => row.ValueFilter).HasColumnType("jsonb");
    }
}

internal sealed class CheckpointConfiguration : IEntityTypeConfiguration<CheckpointRow>
{
    public void Configure(EntityTypeBuilder<CheckpointRow> builder) =>
        builder.ToSnakeCaseTable("checkpoints").HasKey(row => new { row.ThreadId, row.N });
}

internal sealed class PauseConfiguration : IEntityTypeConfiguration<PauseRow>
{
    public void Configure(EntityTypeBuilder<PauseRow> builder) =>
        builder.ToSnakeCaseTable("pauses").HasKey(row => new { row.ThreadId, row.CheckpointId });
}

internal sealed class CheckpointRunConfiguration : IEntityTypeConfiguration<CheckpointRunRow>
{
    public void Configure(EntityTypeBuilder<CheckpointRunRow> builder) =>
        builder.ToSnakeCaseTable("checkpoint_runs").HasKey(row => new { row.ThreadId, row.RunId });
}

internal sealed class RunConfiguration : IEntityTypeConfiguration<RunRow>
{
    public void Configure(EntityTypeBuilder<RunRow> builder)
    {
        builder.ToSnakeCaseTable("runs").HasKey(row => row.RunId);
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}

internal sealed class RunWorkConfiguration : IEntityTypeConfiguration<RunWorkRow>
{
    public void Configure(EntityTypeBuilder<RunWorkRow> builder)
    {
        builder.ToSnakeCaseTable("run_work").HasKey(row => row.RunId);
        builder.Property(row => row.State).HasConversion<short>();
    }
}

internal sealed class RunUpdateConfiguration : IEntityTypeConfiguration<RunUpdateRow>
{
    public void Configure(EntityTypeBuilder<RunUpdateRow> builder) =>
        builder.ToSnakeCaseTable("run_updates").HasKey(row => new { row.RunId, row.N });
}

internal sealed class RunEventConfiguration : IEntityTypeConfiguration<RunEventRow>
{
    public void Configure(EntityTypeBuilder<RunEventRow> builder) =>
        builder.ToSnakeCaseTable("run_events").HasKey(row => new { row.RunId, row.FirstEvent });
}

internal sealed class NodeConfiguration : IEntityTypeConfiguration<NodeRow>
{
    public void Configure(EntityTypeBuilder<NodeRow> builder) => builder.ToSnakeCaseTable("nodes").HasKey(row => row.Id);
}

internal sealed class StoreItemConfiguration : IEntityTypeConfiguration<StoreItemRow>
{
    public void Configure(EntityTypeBuilder<StoreItemRow> builder)
    {
        builder.ToSnakeCaseTable("store_items").HasKey(row => new { row.Owner, row.Id });
        builder.Property(row => row.Filter).HasColumnType("jsonb");
    }
}

internal sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKeyRow>
{
    public void Configure(EntityTypeBuilder<ApiKeyRow> builder) => builder.ToSnakeCaseTable("api_keys").HasKey(row => row.Id);
}

internal static partial class SnakeCase
{
    /// <summary>Names the table, and each column after its property: <c>HeadN</c> is <c>head_n</c>.</summary>
    public static EntityTypeBuilder<TRow> ToSnakeCaseTable<TRow>(this EntityTypeBuilder<TRow> builder, string table)
        where TRow : class
    {
        builder.ToTable(table);
        foreach (var property in typeof(TRow).GetProperties())
        {
            builder.Property(property.Name)
                .HasColumnName(WordStart().Replace(property.Name, "_$0").ToLowerInvariant())
                .ValueGeneratedNever();
        }

        return builder;
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
