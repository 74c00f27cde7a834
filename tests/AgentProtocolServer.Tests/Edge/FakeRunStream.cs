using System.Threading.Channels;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Runs;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

/// <summary>A run's stream whose events the test writes.</summary>
internal sealed class FakeRunStream : RunStream
{
    private readonly Channel<RunStreamEvent> events = Channel.CreateUnbounded<RunStreamEvent>();

    public TaskCompletionSource Disposed { get; } = new();

    public override Guid ThreadId { get; } = Guid.CreateVersion7();

    public override bool Stateless => false;

    public FakeRunStream Add(long id, string name, string data)
    {
        Assert.True(events.Writer.TryWrite(new RunStreamEvent(id, name, new RawJson(data))));
        return this;
    }

    public FakeRunStream End(Exception? defect = null)
    {
        events.Writer.Complete(defect);
        return this;
    }

    public override IAsyncEnumerable<RunStreamEvent> ReadAsync(CancellationToken cancellationToken) =>
        events.Reader.ReadAllAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
