using System.Net;
using System.Runtime.CompilerServices;
using AgentProtocol.Agents;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Threads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocolServer.Tests.Edge;

/// <summary>Real Kestrel with our edge and no engine behind it: what a test needs there, it maps itself.</summary>
internal sealed class EdgeHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private EdgeHost(WebApplication app)
    {
        this.app = app;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public IHostApplicationLifetime Lifetime => app.Lifetime;

    public static async Task<EdgeHost> StartAsync(Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Configuration["Auth:Mode"] = "None";
        builder.Services.AddAgentProtocol(builder.Configuration).AddAgent(new AgentDefinition { Id = "agent", Agent = new NoAgent(), Description = "Does nothing." });
        RemoveEngine(builder.Services);
        configure?.Invoke(builder);

        var app = builder.Build();
        if (map is null)
        {
            app.MapAgentProtocol();
        }
        else
        {
            map(app);
        }

        await app.StartAsync();
        return new EdgeHost(app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    /// <summary>The services exist, so that routes can be built, but a test that gets as far as calling one has failed.</summary>
    private static void RemoveEngine(IServiceCollection services)
    {
        foreach (var hosted in services.Where(IsEngineWorker).ToArray())
        {
            services.Remove(hosted);
        }

        services.RemoveAll<RunService>();
        services.RemoveAll<ThreadService>();
        services.AddSingleton((RunService)RuntimeHelpers.GetUninitializedObject(typeof(RunService)));
        services.AddSingleton((ThreadService)RuntimeHelpers.GetUninitializedObject(typeof(ThreadService)));
    }

    private static bool IsEngineWorker(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService)
        && (service.ImplementationType ?? service.ImplementationFactory?.Method.DeclaringType)?.Namespace?.StartsWith("AgentProtocol.Engine", StringComparison.Ordinal) == true;

    private sealed class NoAgent : IAgent
    {
        public IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, CancellationToken cancellationToken) =>
            AsyncEnumerable.Empty<AgentEvent>();
    }
}
