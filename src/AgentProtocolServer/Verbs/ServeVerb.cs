using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Verbs;

/// <summary>Starts the server and runs until it is told to stop.</summary>
internal static class ServeVerb
{
    public static Task<int> RunAsync(string[] args) => StartFailure.GuardAsync(async () =>
    {
        var builder = ServerHost.CreateBuilder(args);
        await using var postgres = await ServerPostgres.StartIfNeededAsync(builder.Configuration, CancellationToken.None);
        await using var app = ServerHost.Build(builder);
        app.Lifetime.ApplicationStarted.Register(() => Banner.Print(app, postgres));
        if (await StartAsync(app))
        {
            await app.WaitForShutdownAsync();
        }
    });

    /// <summary>False when it was told to stop before it was up.</summary>
    private static async Task<bool> StartAsync(WebApplication app)
    {
        // Outside of the guard: a host whose services cannot even be made has nothing to stop, and fails when it is stopped.
        app.Services.GetServices<IHostedService>();
        try
        {
            await app.StartAsync();
            return true;
        }
        catch (Exception exception)
        {
            var stopped = exception is OperationCanceledException && app.Lifetime.ApplicationStopping.IsCancellationRequested;

            // What has started already ends in order: this node may have joined, and others would wait for it.
            await app.StopAsync();
            if (!stopped)
            {
                throw;
            }

            return false;
        }
    }
}
