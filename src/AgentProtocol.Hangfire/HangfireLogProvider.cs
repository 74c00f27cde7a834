using Hangfire.Logging;
using Microsoft.Extensions.Logging;
using HangfireLevel = Hangfire.Logging.LogLevel;
using Level = Microsoft.Extensions.Logging.LogLevel;

namespace AgentProtocol.Hangfire;

/// <summary>Hangfire's own lines in the host's log. There is one provider per process, which may outlive its host.</summary>
internal sealed class HangfireLogProvider(ILoggerFactory loggers) : ILogProvider
{
    public ILog GetLogger(string name)
    {
        try
        {
            return new Log(loggers.CreateLogger(name));
        }
        catch (ObjectDisposedException)
        {
            return new Log(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        }
    }

    private sealed class Log(ILogger logger) : ILog
    {
        bool ILog.Log(HangfireLevel logLevel, Func<string>? messageFunc, Exception? exception)
        {
            var level = ToLevel(logLevel);
            if (!logger.IsEnabled(level))
            {
                return false;
            }

            if (messageFunc is not null)
            {
                logger.Log(level, default, messageFunc(), exception, static (message, _) => message);
            }

            return true;
        }

        /// <summary>What Hangfire says of its ordinary life is of interest to whoever looks for something.</summary>
        private static Level ToLevel(HangfireLevel level) => level switch
        {
            HangfireLevel.Trace => Level.Trace,
            HangfireLevel.Debug or HangfireLevel.Info => Level.Debug,
            HangfireLevel.Warn => Level.Warning,
            HangfireLevel.Error => Level.Error,
            _ => Level.Critical,
        };
    }
}
