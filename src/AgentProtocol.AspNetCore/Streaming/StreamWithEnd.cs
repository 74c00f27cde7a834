using System.Runtime.CompilerServices;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Runs;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// A run's stream with an event <c>end</c> behind the last (<c>Runs:EmitEndEvent</c>, wire-contract 12 row 19). It has no
/// number, for numbers are the log's. A failure stays the last event (wire-contract 13.32).
/// </summary>
internal sealed class StreamWithEnd(RunStream stream) : RunStream
{
    public override Guid ThreadId => stream.ThreadId;

    public override bool Stateless => stream.Stateless;

    public override async IAsyncEnumerable<RunStreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hasFailed = false;
        await foreach (var item in stream.ReadAsync(cancellationToken))
        {
            hasFailed = item.Name == "error";
            yield return item;
        }

        if (!hasFailed)
        {
            yield return new RunStreamEvent(SseFrame.NoId, "end", default(RawJson));
        }
    }

    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}
