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
        await app.RunAsync();
    });
}
