using System.Diagnostics;
using AgentProtocol.Chaos.Checks;
using AgentProtocol.Chaos.Faults;
using AgentProtocol.Chaos.History;
using AgentProtocol.Chaos.Load;
using AgentProtocol.Testing.Http;
using Xunit;

namespace AgentProtocolServer.Tests.Chaos;

/// <summary>A proof is worth what it would find: each kind of lie of a server is seen.</summary>
public sealed class ChecksTests
{
    private const string Id = "01a2243b-65ac-738d-a16e-c634389ac5e8";
    private static readonly StoredRun Good = new("t", "success", null, null, 1, 3, DateTime.UnixEpoch, DateTime.UnixEpoch.AddSeconds(1));

    private readonly Ledger ledger = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_run_as_it_should_be_is_no_violation()
    {
        var run = Acknowledged();
        ledger.SeeEnd(run, "success");
        Check(Good);
        Assert.Empty(ledger.Violations);
    }

    [Fact]
    public void A_run_that_is_gone_is_lost_unless_it_was_to_be_erased()
    {
        var run = Acknowledged();
        Check(null);
        Assert.Contains("lost", Assert.Single(ledger.Violations), StringComparison.Ordinal);
        run.MayBeErased = true;
        Check(null);
        Assert.Single(ledger.Violations);
    }

    [Fact]
    public void A_run_without_an_end_is_stuck()
    {
        Acknowledged();
        Check(Good with { Status = "active", EndedAt = null });
        Assert.Contains(ledger.Violations, violation => violation.StartsWith("stuck", StringComparison.Ordinal));
    }

    [Fact]
    public void An_end_that_changes_is_seen_by_clients_and_by_the_database()
    {
        var run = Acknowledged();
        ledger.SeeEnd(run, "success");
        ledger.SeeEnd(run, "error");
        Check(Good with { Status = "interrupted" });
        Assert.Contains(ledger.Violations, violation => violation.EndsWith("had ended as success and is error", StringComparison.Ordinal));
        Assert.Contains(ledger.Violations, violation => violation.EndsWith("had ended as success and is interrupted", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("echo", "sleep 1", "error")]
    [InlineData("echo", "sleep 1", "interrupted")]
    [InlineData("echo", "fail", "success")]
    [InlineData("throwing", "", "success")]
    [InlineData("hanging", "", "success")]
    [InlineData("stubborn", "", "success")]
    public void An_end_that_nobody_caused_is_a_violation(string agent, string text, string status)
    {
        Acknowledged(agent, $"{text} w1".TrimStart());
        Check(Good with { Status = status });
        Assert.Contains("none of", Assert.Single(ledger.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void Executions_are_lost_by_faults_only_and_a_run_is_given_up_only_after_several()
    {
        Acknowledged();
        Check(Good with { Attempt = 2 });
        Check(Good with { Status = "error", ErrorType = "WorkerLost" }, new Fault(FaultKind.Kill, 0, DateTime.UnixEpoch));
        Assert.Equal(2, ledger.Violations.Count);
        Check(Good with { Attempt = 2 }, new Fault(FaultKind.Kill, 0, DateTime.UnixEpoch));
        Assert.Equal(2, ledger.Violations.Count);
    }

    [Fact]
    public void Events_behind_the_end_of_a_log_and_events_that_were_never_stored_are_violations()
    {
        var run = Acknowledged();
        Assert.True(run.SeeLogEnd(2));
        Assert.False(run.SeeLogEnd(3));
        Check(Good);
        Assert.Single(ledger.Violations);
        Assert.True(run.SeeEvent(7, "values {}"));
        Assert.False(run.SeeEvent(7, "values []"));
        Check(Good with { Events = 0 });
        Assert.Contains(ledger.Violations, violation => violation.StartsWith("clients saw 1 events", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("event 2 came behind 0", "id: 0\nevent: metadata\ndata: {}\n\nid: 2\nevent: values\ndata: {}\n\n")]
    [InlineData("event 0 came behind 0", "id: 0\nevent: metadata\ndata: {}\n\nid: 0\nevent: metadata\ndata: {}\n\n")]
    [InlineData("event 0 is another than before", "id: 0\nevent: metadata\ndata: {\"attempt\":2}\n\n")]
    [InlineData("although the run is running", "id: 0\nevent: metadata\ndata: {}\n\n")]
    public async Task Gaps_repetitions_contradictions_and_early_ends_of_streams_are_violations(string expected, string events)
    {
        var run = Acknowledged();
        run.SeeEvent(0, "metadata {}");
        await using var server = await HttpStub.StartAsync((request, context) => request.Path.EndsWith("/stream", StringComparison.Ordinal)
            ? context.AnswerAsync(200, "text/event-stream", events)
            : context.AnswerAsync(200, "application/json", """{"status":"running"}"""));
        using var client = Client(server);
        await Follower.FollowAsync(client, run);
        Assert.Contains(ledger.Violations, violation => violation.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0 times as human", """{"type":"ai","content":"echo: w1"}""")]
    [InlineData("2 times as human", """{"type":"human","content":"w1"},{"type":"human","content":"w1"},{"type":"ai","content":"echo: w1"}""")]
    [InlineData("0 times as ai", """{"type":"human","content":"w1"}""")]
    [InlineData("2 times as ai", """{"type":"human","content":"w1"},{"type":"ai","content":"echo: w1"},{"type":"ai","content":"echo: w1"}""")]
    public async Task Messages_that_are_lost_or_repeated_are_violations(string expected, string messages)
    {
        Acknowledged();
        ledger.Threads["t"] = true;
        await using var server = await HttpStub.StartAsync(200, "application/json", $$$"""{"status":"idle","values":{"messages":[{{{messages}}}]}}""");
        using var client = Client(server);
        await new StateChecks(ledger, new Dictionary<string, StoredRun> { [Id] = Good }, client).CheckAsync();
        Assert.Contains(expected, Assert.Single(ledger.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void Takeovers_above_their_limit_are_violations_and_those_with_another_fault_meanwhile_are_not_asked()
    {
        Takeover slow = new(0, Stopwatch.Frequency * 6), quick = new(0, Stopwatch.Frequency * 4);
        new TakeoverChecks(ledger, [slow], []).Check(missed: 0, limit: null);
        new TakeoverChecks(ledger, [quick], []).Check(missed: 0, TimeSpan.FromSeconds(5));
        new TakeoverChecks(ledger, [slow, quick with { KilledAt = Stopwatch.Frequency * 3 }], [new Fault(FaultKind.Database, Stopwatch.Frequency * 2, default)])
            .Check(missed: 0, TimeSpan.FromSeconds(5));
        Assert.Empty(ledger.Violations);
        new TakeoverChecks(ledger, [slow, quick], []).Check(missed: 0, TimeSpan.FromSeconds(5));
        Assert.Contains("6000 ms", Assert.Single(ledger.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void Takeovers_that_nobody_saw_are_violations()
    {
        new TakeoverChecks(ledger, [], []).Check(missed: 0, limit: null);
        Assert.Empty(ledger.Violations);
        new TakeoverChecks(ledger, [], []).Check(missed: 2, limit: null);
        new TakeoverChecks(ledger, [], []).Check(missed: 0, TimeSpan.FromSeconds(5));
        Assert.Equal(2, ledger.Violations.Count);
    }

    private RunRecord Acknowledged(string agent = "echo", string text = "w1") => ledger.Acknowledge(Id, "t", new Input("w1", text, agent, Strategy.Enqueue));

    private Supervisor Client(HttpStub server) => new(1, [server.Url], ledger, new LockedRandom(4), Token);

    private void Check(StoredRun? row, params Fault[] faults) =>
        new RunChecks(ledger, row is null ? new Dictionary<string, StoredRun>() : new Dictionary<string, StoredRun> { [Id] = row }, faults).Check();
}
