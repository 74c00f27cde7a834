using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Queue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Hangfire;

/// <summary>Hangfire as the carrier of runs: jobs in the same database that name a run, and nothing else.</summary>
public static class HangfireQueue
{
    /// <summary>Whether this build has Hangfire.</summary>
    public static bool IsBuiltIn => true;

    /// <summary>
    /// Lets Hangfire carry the runs, unless <c>Runs:Queue</c> names the table. Call it behind <c>AddAgentProtocol</c>: what is
    /// registered later stops earlier, and Hangfire must take no jobs while the node drains.
    /// </summary>
    public static IServiceCollection AddHangfireQueue(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<HangfireOptions>().Bind(configuration.GetSection(HangfireOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        if (!IsChosen(configuration))
        {
            return services;
        }

        services.AddSingleton<DeliveryRoom>();
        services.AddSingleton<HangfireStorage>();
        services.AddSingleton<HangfireRunQueue>();
        services.Replace(ServiceDescriptor.Singleton<IRunQueue>(provider => provider.GetRequiredService<HangfireRunQueue>()));
        services.AddSingleton<Deliveries>();
        services.AddSingleton<RunDelivery>();
        services.AddAntiforgery();
        services.AddHostedService<HangfireSchema>();
        services.AddHostedService<DeliverySender>();
        services.AddHostedService<DeliverySweep>();
        services.AddHostedService<HangfireServer>();
        return services;
    }

    /// <summary>Maps the dashboard at <c>/hangfire</c> for callers with the scope <c>admin</c>, where Hangfire carries the runs.</summary>
    public static IEndpointRouteBuilder MapHangfireQueue(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints.ServiceProvider.GetService<HangfireStorage>() is { } storage
            && endpoints.ServiceProvider.GetRequiredService<IOptions<HangfireOptions>>().Value.Dashboard)
        {
            HangfireDashboard.Map(endpoints, storage).RequireAuthorization(AccessPolicies.Admin);
        }

        return endpoints;
    }

    /// <summary>Prepares Hangfire's schema in the database of these settings, where Hangfire carries the runs.</summary>
    public static Task MigrateAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return IsChosen(configuration)
            ? HangfireSchema.PrepareAsync(configuration.GetConnectionString("Postgres")!, cancellationToken)
            : Task.CompletedTask;
    }

    private static bool IsChosen(IConfiguration configuration) =>
        (configuration[$"{RunsOptions.Section}:{nameof(RunsOptions.Queue)}"] ?? RunsOptions.AutoQueue) is RunsOptions.AutoQueue or RunsOptions.HangfireQueue;
}
