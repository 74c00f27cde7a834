using AgentProtocol.Engine;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentProtocol.Hangfire;

/// <summary>Stands for the queue of that name in a build without Hangfire.</summary>
public static class HangfireQueue
{
    /// <summary>Whether this build has Hangfire.</summary>
    public static bool IsBuiltIn => false;

    /// <summary>Does nothing, but that the host does not start when its settings ask for Hangfire.</summary>
    public static IServiceCollection AddHangfireQueue(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HangfireOptions>().Bind(configuration.GetSection(HangfireOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RunsOptions>().Validate(
            runs => runs.Queue != RunsOptions.HangfireQueue,
            "Runs:Queue is Hangfire, which this build does not have: build with -p:UseHangfire=true (or the environment variable UseHangfire=true), or set Runs:Queue to Postgres.");
        return services;
    }

    /// <summary>Maps nothing.</summary>
    public static IEndpointRouteBuilder MapHangfireQueue(this IEndpointRouteBuilder endpoints) => endpoints;

    /// <summary>There is no schema to prepare.</summary>
    public static Task MigrateAsync(IConfiguration configuration, CancellationToken cancellationToken) => Task.CompletedTask;
}
