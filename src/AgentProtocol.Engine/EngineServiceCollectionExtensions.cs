using AgentProtocol.Agents;
using AgentProtocol.Engine.Access;
using AgentProtocol.Engine.Assistants;
using AgentProtocol.Engine.Crons;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Store;
using AgentProtocol.Engine.Streams;
using AgentProtocol.Engine.Threads;
using AgentProtocol.Engine.Webhooks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine;

/// <summary>Registers the engine: threads, runs, and their execution.</summary>
public static class EngineServiceCollectionExtensions
{
    /// <summary>Adds the engine. It needs the setting <c>ConnectionStrings:Postgres</c> and an <c>AgentRegistry</c> service.</summary>
    public static IServiceCollection AddAgentProtocolEngine(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ServerOptions>().Bind(configuration.GetSection(ServerOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RunsOptions>().Bind(configuration.GetSection(RunsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<WebhookOptions>().Bind(configuration.GetSection(WebhookOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<EventsOptions>().Bind(configuration.GetSection(EventsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<StoreOptions>().Bind(configuration.GetSection(StoreOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new ProtocolDatabase(configuration.GetConnectionString("Postgres")
            ?? throw new InvalidOperationException("ConnectionStrings:Postgres is not set: name a PostgreSQL database.")));
        services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database");
        AddStorage(services);
        AddStore(services);
        AddQueue(services);
        AddWebhooks(services);
        AddExecution(services);
        return services;
    }

    private static void AddStorage(IServiceCollection services)
    {
        services.TryAddSingleton<ThreadStore>();
        services.TryAddSingleton<ThreadReader>();
        services.TryAddSingleton<ThreadSearch>();
        services.TryAddSingleton<ThreadEditor>();
        AddAssistants(services);
        services.TryAddSingleton<RunLookup>();
        services.TryAddSingleton<UpdateReader>();
        services.TryAddSingleton<RunRemoval>();
        services.TryAddSingleton<KeyReservations>();
        services.TryAddSingleton<CronStore>();
        services.TryAddSingleton<CronSearch>();
        services.TryAddSingleton(provider => new CronService(
            provider.GetRequiredService<CronStore>(), provider.GetRequiredService<CronSearch>(), provider.GetRequiredService<RunFactory>()));
        services.TryAddSingleton<RunSearch>();
        services.TryAddSingleton<RunFactory>();
        services.TryAddSingleton<ApiKeyStore>();
        services.TryAddSingleton<KeyRing>();
        services.TryAddSingleton(provider => new ApiKeys(provider.GetRequiredService<ApiKeyStore>()));
        services.TryAddSingleton(provider => new ThreadService(
            provider.GetRequiredService<ProtocolDatabase>(), provider.GetRequiredService<ThreadStore>(),
            provider.GetRequiredService<ThreadReader>(), provider.GetRequiredService<ThreadSearch>(),
            provider.GetRequiredService<ThreadEditor>(), provider.GetRequiredService<RunFeed>(),
            provider.GetRequiredService<KeyReservations>()));
        services.TryAddSingleton(provider => new RunService(
            provider.GetRequiredService<RunFactory>(), provider.GetRequiredService<RunLookup>(), provider.GetRequiredService<RunSearch>(),
            provider.GetRequiredService<RunWaits>(), provider.GetRequiredService<ThreadReader>(), provider.GetRequiredService<EventReader>(), provider.GetRequiredService<RunFeed>(),
            provider.GetRequiredService<RunCancellation>(), provider.GetRequiredService<RunRemoval>(),
            provider.GetRequiredService<SettlementSignals>(),
            () => provider.GetService<IHostApplicationLifetime>() is { ApplicationStopping.IsCancellationRequested: true },
            provider.GetRequiredService<IOptions<RunsOptions>>()));
        services.TryAddSingleton(provider => new RunUpdateService(
            provider.GetRequiredService<AgentRegistry>(), provider.GetRequiredService<RunLookup>(), provider.GetRequiredService<UpdateReader>(),
            provider.GetRequiredService<RunSteering>(), provider.GetRequiredService<RunFactory>(),
            provider.GetRequiredService<SettlementSignals>(), provider.GetRequiredService<KeyReservations>()));
        services.TryAddSingleton(provider => new BulkRunService(
            provider.GetRequiredService<RunFactory>(), provider.GetRequiredService<RunSelection>(),
            provider.GetRequiredService<RunCancellation>(), provider.GetRequiredService<SettlementSignals>()));
    }

    private static void AddStore(IServiceCollection services)
    {
        services.TryAddSingleton<StoreItems>();
        services.TryAddSingleton(provider => new StoreService(
            provider.GetRequiredService<StoreItems>(), provider.GetRequiredService<IOptions<StoreOptions>>()));
    }

    private static void AddAssistants(IServiceCollection services)
    {
        services.TryAddSingleton<AssistantStore>();
        services.TryAddSingleton<AssistantLists>();
        services.TryAddSingleton<SystemAssistants>();
        services.TryAddSingleton<AssistantResolver>();
        services.TryAddSingleton(provider => new AssistantService(
            provider.GetRequiredService<SystemAssistants>(), provider.GetRequiredService<AssistantStore>(),
            provider.GetRequiredService<AssistantLists>(), provider.GetRequiredService<ThreadService>()));
    }

    private static void AddQueue(IServiceCollection services)
    {
        services.TryAddSingleton<RunFeed>();
        services.TryAddSingleton<EventLog>();
        services.TryAddSingleton<EventReader>();
        services.TryAddSingleton<ThreadRuns>();
        services.TryAddSingleton<IThreadStreams, ThreadStreamService>();
        services.TryAddSingleton<PostgresRunQueue>();
        services.TryAddSingleton<IRunQueue>(provider => provider.GetRequiredService<PostgresRunQueue>());
        services.TryAddSingleton(provider => new NodeSlots { TakesBirths = provider.GetRequiredService<IRunQueue>() is PostgresRunQueue });
        services.TryAddSingleton<RunCreation>();
        services.TryAddSingleton<RunSteering>();
        services.TryAddSingleton<RunLimits>();
        services.TryAddSingleton<RunClaims>();
        services.TryAddSingleton<AgentClaims>();
        services.TryAddSingleton<ReadyRuns>();
        services.TryAddSingleton<RunWaits>();
        services.TryAddSingleton<QueueTimeouts>();
        services.TryAddSingleton<RunLoader>();
        services.TryAddSingleton<RunCompletion>();
        services.TryAddSingleton<RunCancellation>();
        services.TryAddSingleton<RunSelection>();
        services.TryAddSingleton<SettlementSignals>();
    }

    private static void AddWebhooks(IServiceCollection services)
    {
        services.TryAddSingleton(provider => new OwnAddress(() => [], provider.GetRequiredService<IOptions<WebhookOptions>>()));
        services.TryAddSingleton<WebhookClaims>();
        services.TryAddSingleton<WebhookGuard>();
        services.TryAddSingleton<WebhookSender>();
        services.TryAddSingleton(provider => new WebhookLog(
            provider.GetRequiredService<ProtocolDatabase>(), provider.GetRequiredService<RunLookup>()));
    }

    /// <summary>The order matters: what is registered later stops earlier, and the node's session goes last.</summary>
    private static void AddExecution(IServiceCollection services)
    {
        services.AddHostedService<SchemaMigration>();
        services.TryAddSingleton<PageClock>();
        services.TryAddSingleton<RunningRuns>();
        services.TryAddSingleton<ChildRuns>();
        services.TryAddSingleton<AgentAttempt>();
        services.TryAddSingleton<RunExecutor>();
        services.TryAddSingleton<RunStarter>();
        services.TryAddSingleton<PeerWatch>();
        services.TryAddSingleton<NodeReaper>();
        services.TryAddSingleton<HintListener>();
        AddLoop<Hints>(services);
        AddLoop<NodeSession>(services);
        AddLoop<SignalLoop>(services);
        AddLoop<RunTail>(services);
        AddLoop<WebhookCourier>(services);
        AddLoop<RunSweeper>(services);
        AddLoop<RetentionSweeper>(services);
        AddLoop<CronLoop>(services);
        AddLoop<RunWorker>(services);
        services.AddHostedService<NodeDrain>();
    }

    private static void AddLoop<TLoop>(IServiceCollection services) where TLoop : class, IHostedService
    {
        services.TryAddSingleton<TLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<TLoop>());
    }
}
