using System.Text.Json;
using AgentProtocol.Bench.Http;

namespace AgentProtocol.Bench.Protocol;

internal enum RunStatus
{
    Unknown,
    Pending,
    Running,
    Success,
    Error,
    Timeout,
    Interrupted,

    // Not in the protocol, but some servers say it.
    Cancelled,
}

internal static class RunStatuses
{
    extension(RunStatus status)
    {
        public bool IsTerminal => status > RunStatus.Running;
    }

    /// <summary>Reads the status of a run object; polls are the hottest path, so no text is allocated.</summary>
    public static RunStatus Read(ReadOnlySpan<byte> run)
    {
        var reader = new Utf8JsonReader(run);
        if (!JsonFields.MoveTo(ref reader, "status"u8))
        {
            throw new UnexpectedAnswerException("a run without status");
        }

        return reader switch
        {
            _ when reader.ValueTextEquals("success"u8) => RunStatus.Success,
            _ when reader.ValueTextEquals("running"u8) => RunStatus.Running,
            _ when reader.ValueTextEquals("pending"u8) => RunStatus.Pending,
            _ when reader.ValueTextEquals("interrupted"u8) => RunStatus.Interrupted,
            _ when reader.ValueTextEquals("error"u8) => RunStatus.Error,
            _ when reader.ValueTextEquals("timeout"u8) => RunStatus.Timeout,
            _ when reader.ValueTextEquals("cancelled"u8) => RunStatus.Cancelled,
            _ => RunStatus.Unknown,
        };
    }
}
