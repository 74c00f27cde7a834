namespace AgentProtocol.Engine.Streams;

/// <summary>Opens the event streams of threads.</summary>
public interface IThreadStreams
{
    /// <summary>
    /// Opens a stream. A thread that does not exist yet gives a stream that is silent until somebody creates it
    /// (wire-contract 6.8 rule 8).
    /// </summary>
    /// <exception cref="Contracts.Errors.ProtocolException">The thread is somebody else's.</exception>
    Task<ThreadStream> OpenAsync(string owner, Guid threadId, ThreadStreamStart start, CancellationToken cancellationToken);
}
