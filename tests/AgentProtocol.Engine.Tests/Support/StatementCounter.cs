using System.Collections.Concurrent;
using System.Diagnostics;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>Counts the statements that this process sends to one database, by what they are.</summary>
internal sealed class StatementCounter : IDisposable
{
    /// <summary>Each kind of statement by a part of its text that no other has; the first match counts.</summary>
    private static readonly (string Kind, string Text)[] Kinds =
    [
        ("test", "/* test */"),
        ("assistant", "from assistants a where a.owner = $1"),
        ("finish", "delete from run_work w using locked"),
        ("append", "insert into run_events"),
        ("create run", "insert into runs"),
        ("create thread", "insert into thread_heads"),
        ("claim", "ready as ("),
        ("load", "from checkpoints"),
        ("load", "from thread_heads"),
        ("begin", "BEGIN"),
    ];

    private readonly ConcurrentDictionary<string, int> counts = new();
    private readonly ActivityListener listener;

    public StatementCounter(string database)
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => Count(activity, database),
        };
        ActivitySource.AddActivityListener(listener);
    }

    public int this[string kind] => counts.GetValueOrDefault(kind);

    /// <summary>Statements on behalf of runs; what the loops do all the time is not among them.</summary>
    public int OfRuns => counts.Where(count => count.Key is not ("test" or "other")).Sum(count => count.Value);

    public void Reset() => counts.Clear();

    public override string ToString() => string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Key} {count.Value}"));

    public void Dispose() => listener.Dispose();

    private void Count(Activity activity, string database)
    {
        // The names of these tags have changed between versions of the driver.
        var text = (activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) as string;
        if (text is not null && activity.TagObjects.Any(tag => tag.Value is string value && value == database))
        {
            var kind = Array.Find(Kinds, kind => text.Contains(kind.Text, StringComparison.Ordinal)).Kind ?? "other";
            counts.AddOrUpdate(kind, 1, (_, count) => count + 1);
        }
    }
}
