using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Streams;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>A thread whose events the test writes, numbered as the engine does.</summary>
internal sealed class FakeThread : IThreadStreams
{
    private readonly Lock gate = new();
    private readonly List<ThreadStreamEvent> log = [];
    private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long run;
    private long position;
    private bool deleted;
    private int opened;
    private int held;

    public Guid ThreadId { get; } = Guid.CreateVersion7();

    /// <summary>A thread of somebody else.</summary>
    public Guid Foreign { get; } = Guid.CreateVersion7();

    public Guid RunId { get; private set; }

    /// <summary>How many streams are open.</summary>
    public int Readers { get; private set; }

    /// <summary>When set, what reading fails with.</summary>
    public Exception? Defect { get; set; }

    public FakeThread StartRun()
    {
        lock (gate)
        {
            run++;
            position = 0;
            RunId = Guid.CreateVersion7();
        }

        return this;
    }

    public FakeThread Lifecycle(string what, params string[] place) => Add("lifecycle", $$"""{"event":"{{what}}"}""", place);

    /// <summary>Adds an event of the streaming protocol to the current run.</summary>
    public FakeThread Add(string name, string data, params string[] place) => Append(name, data, place, isProtocol: true, RunId);

    /// <summary>Adds an event of a stream mode to the current run.</summary>
    public FakeThread AddMode(string name, string data) => Append(name, data, [], isProtocol: false, RunId);

    /// <summary>Adds what an edit of the state says.</summary>
    public FakeThread AddEdit(string data) => Append("values", data, [], isProtocol: false, null);

    /// <summary>Ends a run that was erased while it was read.</summary>
    public FakeThread AddErased() => Append("lifecycle", """{"event":"interrupted"}""", [], isProtocol: true, null);

    public void Delete()
    {
        lock (gate)
        {
            deleted = true;
        }

        Wake();
    }

    /// <summary>Lets the streams that are open now fall behind: they see nothing that is added from now on.</summary>
    public void Hold()
    {
        lock (gate)
        {
            held = opened;
        }
    }

    /// <summary>Wakes the readers, for example to let them find a defect.</summary>
    public void Wake()
    {
        TaskCompletionSource old;
        lock (gate)
        {
            old = news;
            news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        old.SetResult();
    }

    public Task<ThreadStream> OpenAsync(string owner, Guid threadId, ThreadStreamStart start, CancellationToken cancellationToken)
    {
        if (threadId == Foreign)
        {
            throw ProtocolException.ThreadNotFound(threadId);
        }
        lock (gate)
        {
            var last = log.Count == 0 ? -1 : log[^1].Seq;
            var after = start.After switch
            {
                null => run == 0 ? -1 : (run * 1_000_000_000) - 1,
                long.MaxValue => last,
                { } since => since,
            };
            Readers++;
            return Task.FromResult<ThreadStream>(new Stream(this, ++opened, after, last));
        }
    }

    private FakeThread Append(string name, string data, string[] place, bool isProtocol, Guid? runId)
    {
        using (JsonDocument.Parse(data))
        {
            // A test shall not write what the engine cannot.
        }

        lock (gate)
        {
            log.Add(new ThreadStreamEvent
            {
                Seq = (run * 1_000_000_000) + position++,
                RunId = runId,
                IsProtocol = isProtocol,
                Name = name,
                Namespace = place,
                Node = name == "updates" ? "echo" : null,
                Timestamp = 1_700_000_000_000,
                Data = new RawJson(data),
            });
        }

        Wake();
        return this;
    }

    private sealed class Stream(FakeThread thread, int number, long after, long last) : ThreadStream
    {
        public override long LastSeq => last;

        public override IAsyncEnumerable<ThreadStreamEvent> ReadAsync(CancellationToken cancellationToken) => ReadAsync(waits: true, cancellationToken);

        public override IAsyncEnumerable<ThreadStreamEvent> ReadReplayAsync(CancellationToken cancellationToken) => ReadAsync(waits: false, cancellationToken);

        private async IAsyncEnumerable<ThreadStreamEvent> ReadAsync(bool waits, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var index = 0; ;)
            {
                ThreadStreamEvent[] batch;
                Task more;
                lock (thread.gate)
                {
                    if (thread.Defect is { } defect)
                    {
                        throw defect;
                    }

                    batch = number <= thread.held ? [] : [.. thread.log.Skip(index)];
                    more = thread.news.Task;
                    if (batch.Length == 0 && (thread.deleted || !waits))
                    {
                        yield break;
                    }
                }

                foreach (var item in batch.Where(item => item.Seq > after))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return item;
                }

                index += batch.Length;
                if (batch.Length == 0)
                {
                    await more.WaitAsync(cancellationToken);
                }
            }
        }

        public override ValueTask DisposeAsync()
        {
            lock (thread.gate)
            {
                thread.Readers--;
            }

            thread.Wake();
            return ValueTask.CompletedTask;
        }
    }
}
