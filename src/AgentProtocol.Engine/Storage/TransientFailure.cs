using System.Net.Sockets;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Failures of the database that pass: the statement may be repeated once its outcome has been looked up.</summary>
internal static class TransientFailure
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public static bool Is(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => true,
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => true,
        // A server that is going down or coming up says so in these classes.
        PostgresException { SqlState: ['5', '7', 'P', ..] or ['0', '8', ..] or ['5', '3', ..] } => true,
        PostgresException postgres => postgres.IsTransient,
        NpgsqlException or IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>The pause before the next try.</summary>
    public static TimeSpan Pause(int failures) =>
        TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(failures, 10), LongestPause.Ticks));
}
