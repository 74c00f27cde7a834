using AgentProtocol.Agents;
using AgentProtocol.AspNetCore;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the Agent Protocol server.</summary>
public static class AgentProtocolServiceCollectionExtensions
{
    /// <summary>
    /// Registers all that <c>MapAgentProtocol</c> needs: the engine with its storage and workers, the HTTP edge and its
    /// OpenAPI document. What the host registered before stays.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configuration">Where the settings are read from, normally <c>builder.Configuration</c>.</param>
    /// <returns>A builder to add agents with.</returns>
    public static AgentProtocolBuilder AddAgentProtocol(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);

        // ENGINE: services.AddAgentProtocolEngine(configuration);
        services.AddOptions<LimitsOptions>().Bind(configuration.GetSection("Limits")).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider =>
            new AgentRegistry(provider.GetServices<AgentDefinition>(), configuration["Agents:Default"]));

        services.TryAddSingleton<ErrorHandler>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ProtocolStartupFilter>());
        services.TryAddSingleton<ProtocolDocument>();
        services.AddRouting();
        services.AddEndpointsApiExplorer();
        services.AddHealthChecks();
        return new AgentProtocolBuilder(services);
    }
}
