using AgentProtocol.Engine;
using AgentProtocol.Hangfire;
using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Verbs;

/// <summary>Brings a database to the schema of this build, or prints how.</summary>
internal static class MigrateVerb
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--script"])
        {
            Console.WriteLine(EngineSchema.GenerateScript());
            return 0;
        }

        return await StartFailure.GuardAsync(async () =>
        {
            var builder = ServerHost.CreateBuilder(args);
            await using var postgres = await ServerPostgres.StartIfNeededAsync(builder.Configuration, CancellationToken.None);
            await EngineSchema.MigrateAsync(builder.Configuration.GetConnectionString("Postgres")!, CancellationToken.None);
            await HangfireQueue.MigrateAsync(builder.Configuration, CancellationToken.None);
            Console.WriteLine("The database is up to date.");
        });
    }
}
