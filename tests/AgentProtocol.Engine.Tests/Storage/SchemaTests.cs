using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Storage;

public sealed class SchemaTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private const string ColumnsSql =
        """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end, a.attidentity::text,
               coalesce(array_position(k.conkey, a.attnum)::text, '')
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname <> '__EFMigrationsHistory'
        order by 1, 2
        """;

    /// <summary>Everything of the schema that matters, as PostgreSQL prints it.</summary>
    private const string CatalogueSql =
        """
        select 'table', c.relname, c.relkind::text, array_to_string(c.reloptions, ' '), '' from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        union all
        select 'column', c.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull), pg_get_expr(d.adbin, d.adrelid)
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        union all
        select 'constraint', k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid), '' from pg_constraint k
        join pg_class c on c.oid = k.conrelid where c.relnamespace = 'public'::regnamespace and not c.relispartition
        union all
        select 'index', i.tablename, i.indexname, i.indexdef, '' from pg_indexes i join pg_class c on c.oid = to_regclass(quote_ident(i.tablename))
        where i.schemaname = 'public' and not c.relispartition
        order by 1, 2, 3
        """;

    [Fact]
    public async Task The_migrated_database_is_the_model()
    {
        await using var migrated = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var database = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        await using var modelled = new ProtocolDatabase(database.ConnectionString);
        await using (var context = modelled.CreateContext())
        {
            await modelled.Source.ExecuteAsync(context.Database.GenerateCreateScript());
        }

        Assert.Equal(await modelled.Source.LinesAsync(ColumnsSql), await migrated.LinesAsync(ColumnsSql));
    }

    [Fact]
    public async Task Any_number_of_nodes_may_migrate_an_empty_database_at_once()
    {
        await using var database = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => EngineSchema.MigrateAsync(database.ConnectionString, TestContext.Current.CancellationToken))));

        Assert.Equal(await CatalogueAsync(postgres.ConnectionString), await CatalogueAsync(database.ConnectionString));
    }

    [Fact]
    public async Task A_node_waits_for_the_migration_of_another_however_long_it_takes()
    {
        const string waitingSql = "select max(now() - query_start) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        await using var database = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        TaskCompletionSource begun = new(), ends = new();
        var first = DatabaseMigrator.AloneAsync(database.ConnectionString, HoldAsync, TestContext.Current.CancellationToken);
        await begun.Task;
        var impatient = new NpgsqlConnectionStringBuilder(database.ConnectionString) { CommandTimeout = 1 };
        var second = EngineSchema.MigrateAsync(impatient.ConnectionString, TestContext.Current.CancellationToken);

        await Until.TrueAsync(async () => second.IsCompleted || await IsLateAsync(), TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted);
        ends.SetResult();
        await first;
        await second;

        Task HoldAsync(NpgsqlConnection connection)
        {
            begun.SetResult();
            return ends.Task;
        }

        async Task<bool> IsLateAsync() => (await source.LinesAsync($"select ({waitingSql}) > interval '2.5 seconds'"))[0] == "True";
    }

    [Fact]
    public async Task The_script_makes_the_same_schema_and_may_be_run_again()
    {
        await using var database = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        await using (var source = NpgsqlDataSource.Create(database.ConnectionString))
        {
            await source.ExecuteAsync(EngineSchema.GenerateScript());
            await source.ExecuteAsync(EngineSchema.GenerateScript());
        }

        Assert.Equal(await CatalogueAsync(postgres.ConnectionString), await CatalogueAsync(database.ConnectionString));
        await EngineSchema.MigrateAsync(database.ConnectionString, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Partitions_exist_a_week_ahead_and_take_a_run_minted_now_and_then()
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        DateTimeOffset[] moments = [DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(EventPartitions.DaysAhead), DateTimeOffset.UtcNow.AddDays(-1)];

        foreach (var moment in moments)
        {
            var run = Guid.CreateVersion7(moment);
            await source.ExecuteAsync("insert into run_events (run_id, first_event, count, frames) values ($1, 0, 1, '')", run);
            Assert.Equal(
                EventPartitions.NameOf(DateOnly.FromDateTime(moment.UtcDateTime)),
                await source.ScalarAsync<string>("select tableoid::regclass::text from run_events where run_id = $1", run));
        }
    }

    [Fact]
    public async Task Partitions_that_exist_are_left_alone_and_missing_ones_are_made()
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var count = await CountAsync();

        await EventPartitions.EnsureAsync(connection, DateTimeOffset.UtcNow.AddDays(2), TestContext.Current.CancellationToken);
        Assert.Equal(count + 2, await CountAsync());
        await EventPartitions.EnsureAsync(connection, DateTimeOffset.UtcNow.AddDays(2), TestContext.Current.CancellationToken);
        Assert.Equal(count + 2, await CountAsync());

        Task<long> CountAsync() => source.ScalarAsync<long>("select count(*) from pg_inherits where inhparent = 'run_events'::regclass");
    }

    private static async Task<IReadOnlyList<string>> CatalogueAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        return await source.LinesAsync(CatalogueSql);
    }
}
