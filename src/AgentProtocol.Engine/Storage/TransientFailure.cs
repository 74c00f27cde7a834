using System.Net.Sockets;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Failures of the database that pass: the statement may be repeated once its outcome has been looked up.</summary>
internal static class TransientFailure
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public static bool Is(Exception exception) => IsAway(exception) || exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => true,
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => true,
        PostgresException postgres => postgres.IsTransient,
        _ => false,
    };

    /// <summary>Whether the database could not be reached, or is going down or coming up.</summary>
    public static bool IsAway(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['5', '7', 'P', ..] or ['0', '8', ..] or ['5', '3', ..] } => true,
        PostgresException => false,
        NpgsqlException or IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>The pause before the next try.</summary>
    public static TimeSpan Pause(int failures) =>
        TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(failures, 10), LongestPause.Ticks));
}
