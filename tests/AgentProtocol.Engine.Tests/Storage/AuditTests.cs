using AgentProtocol.Engine.Storage.Audit;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Storage;

/// <summary>The audit sees every rule that somebody breaks, and nothing where none is broken.</summary>
public sealed class AuditTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    /// <summary>How each rule is broken by hand, and how the schema is put right again where it had to give way.</summary>
    public static TheoryData<string, string, string> Breaches => new()
    {
        {
            "more than one run of a thread is in the slot", "drop index run_work_slot; update run_work set state = 2 where run_id = '{waiting}'",
            "update run_work set state = 0 where run_id = '{waiting}'; create unique index run_work_slot on run_work (thread_id) where state > 0"
        },
        { "a head's active run is not the run in the slot", "update thread_heads set active_run = '{waiting}' where thread_id = '{busy}'", "" },
        { "a head's count of waiting runs is wrong", "update thread_heads set waiting = 2 where thread_id = '{busy}'", "" },
        { "runs wait for a free slot", "update thread_heads set active_run = null where thread_id = '{busy}'", "" },
        { "a thread is busy without a run, or not busy with one", "update thread_heads set status = 'idle' where thread_id = '{busy}'", "" },
        { "a head's count of inputs left behind is wrong", "update thread_heads set unmerged = 1 where thread_id = '{free}'", "" },
        { "a head's count of untaken updates is wrong", "update thread_heads set untaken = 0 where thread_id = '{busy}'", "" },
        { "updates of a run are lost, or were delivered in another order", "delete from run_updates where n = 2", "" },
        { "updates of a run are lost, or were delivered in another order", "update run_updates set delivered_at = now() where n = 2", "" },
        { "a run is active without work, or has ended with work", "delete from run_work where run_id = '{waiting}'", "" },
        { "a run is active without work, or has ended with work", "update runs set status = 'success', event_count = 0, ended_at = now() where run_id = '{waiting}'", "" },
        { "work belongs to no run, or contradicts it", "delete from runs where run_id = '{waiting}'", "" },
        { "work belongs to no run, or contradicts it", "update run_work set owner = 'other' where run_id = '{waiting}'", "" },
        { "a thread has no head of its owner, or runs beyond its count", "delete from thread_heads where thread_id = '{free}'", "" },
        { "a thread has no head of its owner, or runs beyond its count", "update thread_heads set run_no = 0 where thread_id = '{free}'", "" },
        { "a webhook is owed to a run that has not ended", "insert into webhook_outbox (run_id, url, host, body) values ('{running}', '', '', '')", "" },
        { "a run is executed by a node that is not there", "delete from nodes where id = '{node}'", "" },
        { "a child outlives the run that started it", "update run_work set parent_run_id = '{ended}' where run_id = '{running}'", "" },
        { "a delayed run was not woken", "update run_work set state = 1, node = null where run_id = '{running}'", "" },
        { "a run is beyond its deadline", "update run_work set deadline_at = now() where run_id = '{running}'", "" },
        { "events of a run have a gap", "update run_events set first_event = first_event + 1 where run_id = '{ended}' and first_event > 0", "" },
        { "a run's count of events is wrong", "update runs set event_count = event_count + 1 where run_id = '{ended}'", "" },
        { "a run's count of events is wrong", "delete from run_events where run_id = '{ended}'", "" },
        { "events belong to no run", "update run_events set run_id = '{nobody}' where run_id = '{ended}'", "" },
        { "a page does not hold as many events as it says", "update run_events set frames = frames || E'\\n+\\tx' where run_id = '{ended}'", "" },
        { "events of the stream modes are not numbered 0, 1, 2, …", "update run_events set next_number = next_number + 1 where run_id = '{ended}'", "" },
        { "events of the stream modes are not numbered 0, 1, 2, …", "update run_events set frames = regexp_replace(frames, E'(^|\\n)0\\t', E'\\\\17\\t') where run_id = '{ended}'", "" },
        {
            "a run that goes on has ended in its log, or one that has ended has not exactly one end there",
            "update run_events set frames = replace(frames, '\"event\":\"completed\"', '\"event\":\"running\"') where run_id = '{ended}'", ""
        },
        {
            "a run that goes on has ended in its log, or one that has ended has not exactly one end there",
            "update run_events set frames = frames || E'\\n+\\tlifecycle\\t1\\t\\t\\t{\"event\":\"failed\"}' where run_id = '{ended}'", ""
        },
        {
            "a run that goes on has ended in its log, or one that has ended has not exactly one end there",
            "update run_events set frames = replace(frames, '\"event\":\"running\"', '\"event\":\"interrupted\"') where run_id = '{running}'", ""
        },
        { "a head is not a checkpoint of its thread", "update thread_heads set head = '{nobody}' where thread_id = '{free}'", "" },
        { "checkpoints belong to no thread, or are beyond its count", "update thread_heads set last_n = 1 where thread_id = '{free}'", "" },
        { "ids of checkpoints do not grow with their numbers", "update checkpoints set id = '{low}' where thread_id = '{free}' and n = 2", "" },
        { "the parent of a checkpoint is missing", "delete from checkpoints where thread_id = '{free}' and n = 1", "" },
        { "the snapshot of a checkpoint's segment is missing", "delete from checkpoints where thread_id = '{free}' and n = segment", "" },
        { "a pause has no checkpoint", "insert into pauses (thread_id, checkpoint_id, node) values ('{free}', '{nobody}', 'x')", "delete from pauses" },
    };

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task A_broken_rule_is_reported_with_the_ids(string broken, string breach, string repair)
    {
        var names = await FillAsync();
        await Database.ExecuteAsync(Named(breach));
        var report = await AuditAsync(nodesLive: true);
        if (repair.Length > 0)
        {
            await Database.ExecuteAsync(Named(repair));
        }

        var finding = Assert.Single(report.Findings, finding => finding.Broken == broken);
        Assert.All(finding.Ids, id => Assert.Contains(id.ToString(), names.Values));

        string Named(string sql) => names.Aggregate(sql, (text, name) => text.Replace($"{{{name.Key}}}", name.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_rule_can_be_broken() =>
        Assert.Equal(AuditRule.All.Select(rule => rule.Broken), Breaches.Select(row => row.Data.Item1).Distinct());

    [Fact]
    public async Task A_database_at_work_breaks_no_rule()
    {
        await FillAsync();
        var report = await AuditAsync(nodesLive: true);
        Assert.Empty(report.Findings);
        Assert.Equal((3, 2), (report.Runs, report.Threads));
    }

    [Theory]
    [InlineData(true, "delete from run_work where run_id = '{0}'")]
    [InlineData(false, "select '{0}'")]
    public async Task What_nodes_mend_is_reported_only_when_a_living_one_does_not(bool nodesLive, string meanwhile)
    {
        var names = await FillAsync();
        await Database.ExecuteAsync($"delete from nodes where id = '{names["node"]}'");
        var report = await AuditAsync(nodesLive, string.Format(null, meanwhile, names["running"]));
        Assert.DoesNotContain(report.Findings, finding => finding.Broken == "a run is executed by a node that is not there");
    }

    [Fact]
    public async Task Events_of_a_dropped_day_are_no_gap()
    {
        var names = await FillAsync();
        await Database.ExecuteAsync("create table kept (like run_events); insert into kept select * from run_events; delete from run_events");
        var partition = await Database.ScalarAsync<string>("select inhrelid::regclass::text from pg_inherits where inhparent = 'run_events'::regclass and inhrelid::regclass::text = 'run_events_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')");
        Assert.Contains((await AuditAsync(nodesLive: true)).Findings, finding => finding.Ids.Contains(Guid.Parse(names["ended"])));
        var bounds = await Database.ScalarAsync<string>($"select pg_get_expr(relpartbound, oid) from pg_class where oid = '{partition}'::regclass");
        await Database.ExecuteAsync($"alter table run_events detach partition {partition}");
        var report = await AuditAsync(nodesLive: true);
        await Database.ExecuteAsync($"alter table run_events attach partition {partition} {bounds}; drop table kept");
        Assert.Empty(report.Findings);
    }

    private Task<AuditReport> AuditAsync(bool nodesLive, string meanwhile = "select 1") => DatabaseAudit.RunAsync(
        ConnectionString,
        async () =>
        {
            await Database.ExecuteAsync(meanwhile);
            if (nodesLive)
            {
                await Database.ExecuteAsync($"update nodes set beat = beat + 1 where id = '{OtherNode}'");
            }
        },
        TestContext.Current.CancellationToken);

    /// <summary>A thread with a run that has ended, and one with a run that goes on, was told two things, and keeps another waiting.</summary>
    private async Task<Dictionary<string, string>> FillAsync()
    {
        var ended = await Queue.StartNewRunAsync(Node);
        Assert.True(await ended.Show("1").WriteAsync());
        Assert.True(await ended.Say("hello").WriteAsync());
        await ended.SucceedAsync();
        var running = await Queue.StartNewRunAsync(Node);
        Assert.True(await running.Show("1").WriteAsync());
        var waiting = await Queue.CreateRunAsync(running.Claim.ThreadId);
        await Queue.TellAsync(running.Claim.ThreadId, running.Claim.RunId, "this");
        await Queue.TellAsync(running.Claim.ThreadId, running.Claim.RunId, "and that");
        return new Dictionary<string, Guid>
        {
            ["free"] = ended.Claim.ThreadId,
            ["busy"] = running.Claim.ThreadId,
            ["ended"] = ended.Claim.RunId,
            ["running"] = running.Claim.RunId,
            ["waiting"] = waiting,
            ["node"] = Node,
            ["nobody"] = Guid.CreateVersion7(),
            ["low"] = Guid.Empty,
        }.ToDictionary(name => name.Key, name => name.Value.ToString());
    }
}
