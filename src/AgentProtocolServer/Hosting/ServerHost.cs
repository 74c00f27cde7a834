using AgentProtocol.Hangfire;
using AgentProtocolServer.Logging;

namespace AgentProtocolServer.Hosting;

/// <summary>The one place where the server is put together; tests build exactly what production builds.</summary>
internal static class ServerHost
{
    /// <summary>Settings and logging, before anything is started.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(ServerHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddServerLogging();
        return builder;
    }

    /// <summary>The server, ready to run. The database is named in the configuration by now.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.WebHost.UseUrls(ServerUrls.Read(builder.Configuration));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddAgentProtocol(builder.Configuration);
        builder.Services.AddHangfireQueue(builder.Configuration);
        builder.Services.AddSingleton<OpenServerCheck>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OpenServerCheck>());

        var app = builder.Build();
        app.UseRequestLog();
        app.UseAgentProtocol();
        app.MapAgentProtocol();
        app.MapHangfireQueue();
        return app;
    }
}
