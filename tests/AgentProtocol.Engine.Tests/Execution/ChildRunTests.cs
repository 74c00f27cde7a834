using System.Runtime.CompilerServices;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Runs that agents start: each a run like any other, that ends with its parent.</summary>
public sealed class ChildRunTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int executions;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_child_runs_on_a_thread_of_its_own_and_its_answer_and_tokens_come_back()
    {
        release.SetResult();
        await using var host = await StartAsync(Delegate);
        var parent = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");

        var result = await host.WaitAsync(parent);

        Assert.Equal(["hello", "success: worked on it"], Contents(result.Values.Text));
        Assert.Equal("""{"input_tokens":13,"output_tokens":6,"total_tokens":19}""", result.Run!.Usage?.Text);
        var child = await OnlyChildAsync(host, parent);
        Assert.Equal((RunStatus.Success, parent), (child.Status, child.ParentRunId));
        Assert.Null(result.Run.ParentRunId);
        var metadata = JsonText.Parse((await host.Threads.GetAsync(EngineHost.Owner, child.ThreadId, false, Token)).Metadata.Text);
        Assert.Equal(
            (parent, result.Run.ThreadId), (metadata.GetProperty("parent_run_id").GetGuid(), metadata.GetProperty("parent_thread_id").GetGuid()));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_child_that_fails_is_an_answer_to_its_parent()
    {
        release.SetException(new AgentException("no luck"));
        await using var host = await StartAsync(Delegate);

        var result = await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "hello"));

        Assert.Equal(RunStatus.Success, result.Run!.Status);
        Assert.Equal(["hello", "error: no luck"], Contents(result.Values.Text));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_child_is_cancelled_with_its_parent()
    {
        await using var host = await StartAsync(Delegate);
        var parent = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await started.Task.WaitAsync(Token);

        await host.Runs.CancelAsync(EngineHost.Owner, null, parent, CancelAction.Interrupt, wait: true, Token);

        // Not only some time later: it was told before its parent ended.
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        Assert.Equal(0, await source.ScalarAsync<long>("select count(*) from run_work where parent_run_id = $1 and settle is null", parent));
        var child = await host.WaitAsync((await OnlyChildAsync(host, parent)).RunId);
        Assert.Equal((RunStatus.Interrupted, "The run that has started it has ended"), (child.Run!.Status, child.Run.Error));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_parent_that_ends_without_waiting_takes_its_child_along()
    {
        await using var host = await StartAsync(StartAndLeave);
        var parent = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(parent)).Run!.Status);

        Assert.Equal(RunStatus.Interrupted, (await host.WaitAsync((await OnlyChildAsync(host, parent)).RunId)).Run!.Status);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_parent_that_is_erased_takes_its_child_along()
    {
        await using var host = await StartAsync(Delegate);
        var parent = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await started.Task.WaitAsync(Token);
        var child = (await OnlyChildAsync(host, parent)).RunId;

        await host.Runs.CancelAsync(EngineHost.Owner, null, parent, CancelAction.Rollback, wait: true, Token);

        Assert.Equal(RunStatus.Interrupted, (await host.WaitAsync(child)).Run!.Status);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_child_that_its_parent_gives_up_is_cancelled_while_the_parent_goes_on()
    {
        await using var host = await StartAsync(GiveUp);

        var result = await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "hello"));

        Assert.Equal(["hello", "gave up"], Contents(result.Values.Text));
        var child = await host.WaitAsync((await OnlyChildAsync(host, result.Run!.RunId)).RunId);
        Assert.Equal((RunStatus.Interrupted, "The run that has started it does not wait for it any more"), (child.Run!.Status, child.Run.Error));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_parent_that_was_lost_finds_its_child_again()
    {
        await using var host = await StartAsync(Delegate);
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        var parent = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await started.Task.WaitAsync(Token);

        await source.ExecuteAsync("update run_work set state = 2, node = null, fence = fence + 1, losses = losses + 1 where run_id = $1", parent);
        await Until.TrueAsync(
            async () => await source.ScalarAsync<int>("select attempt from run_work where run_id = $1", parent) == 2, Token);
        release.SetResult();

        Assert.Equal(["hello", "success: worked on it"], Contents((await host.WaitAsync(parent)).Values.Text));
        Assert.Equal(1, executions);
        await OnlyChildAsync(host, parent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Runs_that_wait_for_children_leave_room_for_them()
    {
        release.SetResult();
        await using var host = await StartAsync(Delegate, ("Runs:MaxConcurrent", "1"));

        var result = await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "hello"));

        Assert.Equal(["hello", "success: worked on it"], Contents(result.Values.Text));
    }

    [Fact(Timeout = 60_000)]
    public async Task Children_are_nested_eight_deep_and_no_deeper()
    {
        await using var host = await StartAsync(Recurse);
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        var before = await source.ScalarAsync<long>("select count(*) from runs");

        var result = await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "hello"));

        Assert.Contains("8 deep", result.Run!.Error, StringComparison.Ordinal);
        Assert.Equal(9, await source.ScalarAsync<long>("select count(*) from runs") - before);
    }

    private Task<EngineHost> StartAsync(
        Func<AgentContext, CancellationToken, IAsyncEnumerable<AgentEvent>> parent, params (string, string)[] settings) =>
        EngineHost.StartAsync(
            postgres.ConnectionString, [LambdaAgent.Definition("echo", parent), LambdaAgent.Definition("worker", WorkAsync)], settings);

    private static async IAsyncEnumerable<AgentEvent> Delegate(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new AgentEvent.Usage(10, 2);
        var result = await context.Children.RunAsync(Order("worker"), cancellationToken);
        yield return Answer($"{result.Status}: {result.Error ?? result.State.Messages[^1].GetProperty("content").GetString()}");
    }

    private async IAsyncEnumerable<AgentEvent> StartAndLeave(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _ = context.Children.RunAsync(Order("worker"), cancellationToken);
        await started.Task.WaitAsync(cancellationToken);
        yield return Answer("left");
    }

    private async IAsyncEnumerable<AgentEvent> GiveUp(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var child = context.Children.RunAsync(Order("worker"), patience.Token);
        await started.Task.WaitAsync(cancellationToken);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => child);
        yield return Answer("gave up");
    }

    private static async IAsyncEnumerable<AgentEvent> Recurse(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var result = await context.Children.RunAsync(Order("echo"), cancellationToken);
        yield return result.Error is { } error ? throw new AgentException(error) : Answer("too deep");
    }

    private async IAsyncEnumerable<AgentEvent> WorkAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref executions);
        started.TrySetResult();
        await release.Task.WaitAsync(cancellationToken);
        yield return new AgentEvent.Usage(3, 4);
        yield return Answer("worked on it");
    }

    private static ChildRun Order(string agent) => new(agent, "k", JsonText.Parse("""{"messages":[{"role":"user","content":"work"}]}"""));

    private static AgentEvent.StateUpdate Answer(string text) =>
        new("agent", JsonText.Parse($$"""{"messages":[{"type":"ai","content":{{JsonText.Quote(text)}} }]}"""));

    private static async Task<Run> OnlyChildAsync(EngineHost host, Guid parent) => Assert.Single(
        (await host.Runs.SearchAsync(
            EngineHost.Owner, new RunSearchRequest { Metadata = JsonText.Parse($$"""{"parent_run_id":"{{parent}}"}""") }, Token)).Items);

    private static string[] Contents(string values) =>
        [.. JsonText.Parse(values).GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString()!)];
}
