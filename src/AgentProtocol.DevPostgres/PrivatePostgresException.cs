namespace AgentProtocol.DevPostgres;

/// <summary>The private PostgreSQL cannot start or stop; the message says in words for a person how to mend it.</summary>
/// <param name="message">What is wrong and what to do about it.</param>
/// <param name="innerException">The cause, when there is one.</param>
public sealed class PrivatePostgresException(string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>True when this machine has no PostgreSQL at all; the message then has a line per system.</summary>
    public bool BinariesMissing { get; init; }

    /// <summary>True when another living process holds the data folder.</summary>
    public bool FolderInUse { get; init; }
}
