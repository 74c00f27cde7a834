using System.Collections;

namespace AgentProtocol.Engine.Execution;

/// <summary>What every log line of an execution carries.</summary>
internal sealed record RunLogScope(Guid RunId, Guid ThreadId, int Attempt) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 3;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("RunId", RunId),
        1 => new("ThreadId", ThreadId),
        2 => new("Attempt", Attempt),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
