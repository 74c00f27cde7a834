using AgentProtocol.Agents;
using AgentProtocol.Agents.Configuration;
using AgentProtocol.AspNetCore;
using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Registration;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Webhooks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

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

        // Before the engine's own, which does not know what the web server listens on.
        services.TryAddSingleton(CreateOwnAddress);
        services.AddAgentProtocolEngine(configuration);
        services.AddOptions<LimitsOptions>().Bind(configuration.GetSection(LimitsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<AgentsOptions>().Bind(configuration.GetSection(AgentsOptions.Section));
        services.TryAddSingleton<AgentConnections>();
        services.TryAddSingleton(CreateSource);
        services.TryAddSingleton(CreateRegistry);
        services.AddHostedService<AgentReload>();

        services.TryAddSingleton<RunCommands>();
        services.TryAddSingleton<StateCommands>();
        services.TryAddSingleton<CommandDispatcher>();
        services.TryAddSingleton<HeaderNames>();
        services.AddAccess(configuration);
        services.TryAddSingleton<ErrorHandler>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ProtocolStartupFilter>());
        services.TryAddSingleton<ProtocolDocument>();
        services.AddRouting();
        services.AddEndpointsApiExplorer();
        services.AddHealthChecks();
        return new AgentProtocolBuilder(services);
    }

    private static OwnAddress CreateOwnAddress(IServiceProvider provider) => new(
        () => provider.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [],
        provider.GetRequiredService<IOptions<WebhookOptions>>());

    private static AgentSource CreateSource(IServiceProvider provider) => new(
        provider.GetRequiredService<IOptions<AgentsOptions>>().Value, Directory.GetCurrentDirectory(),
        provider.GetRequiredService<IHostEnvironment>().ContentRootPath, Environment.GetEnvironmentVariable, provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<AgentConnections>());

    /// <summary>The agents of the settings and the agents file, then those that the host has added.</summary>
    private static AgentRegistry CreateRegistry(IServiceProvider provider)
    {
        var added = provider.GetServices<AgentDefinition>().ToList();
        return new AgentRegistry(
            [.. provider.GetRequiredService<AgentSource>().Load(added: added), .. added], provider.GetRequiredService<IOptions<AgentsOptions>>().Value.Default);
    }
}
