using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace AgentProtocolServer.Logging;

/// <summary>Structured logs through Serilog, to the console unless the section <c>Serilog</c> says otherwise.</summary>
internal static class ServerLogging
{
    private const string Template =
        "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{RunContext}{NewLine}{Exception}";

    public static void AddServerLogging(this WebApplicationBuilder builder)
    {
        var logger = CreateLogger(builder.Configuration);
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logger, dispose: true);
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
    }

    /// <summary>The same logger, for what happens before the host is built.</summary>
    public static ILoggerFactory CreateLoggerFactory(IConfiguration configuration) =>
        new SerilogLoggerFactory(CreateLogger(configuration), dispose: true);

    private static Serilog.Core.Logger CreateLogger(IConfiguration configuration)
    {
        var settings = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .Enrich.With<RunContextEnricher>()
            .Filter.ByExcluding(SaysThatTheStartFailed)
            .ReadFrom.Configuration(configuration);
        if (!configuration.GetSection("Serilog:WriteTo").Exists())
        {
            settings.WriteTo.Console(outputTemplate: Template, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        }

        return settings.CreateLogger();
    }

    /// <summary>The host's own red line with a stack trace; the same exception reaches <see cref="Hosting.StartFailure"/>, which explains it.</summary>
    private static bool SaysThatTheStartFailed(LogEvent line) =>
        line.Level == LogEventLevel.Error && line.MessageTemplate.Text == "Hosting failed to start";
}
