using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Store;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocol.Engine.Tests.Store;

/// <summary>The store as agents have it: the owner's, and fenced like all that an execution writes.</summary>
public sealed class AgentStoreTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static readonly string[] Labels = ["memories"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private StoreService Service => new(new StoreItems(Queue.Database), Options.Create(new StoreOptions()));

    [Fact]
    public async Task An_agent_reads_what_callers_stored_and_callers_read_what_it_stored()
    {
        await using var node = await EngineHost.StartAsync(
            ConnectionString, new AgentDefinition { Id = "echo", Agent = new RememberingAgent() });
        await node.Get<StoreService>().PutAsync(EngineHost.Owner, Put("""{"n":1}"""), Token);

        await node.WaitAsync(await node.CreateRunAsync(await node.CreateThreadAsync(), "hello"));

        var item = await node.Get<StoreService>().GetAsync(EngineHost.Owner, ["memories", "seen"], "k", null, Token);
        Assert.Equal("""{"seen":[1],"in":["memories"],"gone":true}""", item?.Value.Text);
    }

    [Fact]
    public async Task An_execution_that_lost_its_run_stores_and_deletes_nothing()
    {
        var (store, run) = await StartAsync();
        using (run)
        {
            await store.PutAsync(Put("""{"by":"me"}"""), Token);
            await OtherQueue.ReapAsync(Node);

            await Assert.ThrowsAsync<OperationCanceledException>(() => store.PutAsync(Put("""{"by":"a ghost"}"""), Token));
            await Assert.ThrowsAsync<OperationCanceledException>(() => store.DeleteAsync(Labels, "k", Token));

            Assert.Equal(StopCause.LeaseLost, run.Cause);
            Assert.Equal("""{"by":"me"}""", (await Service.GetAsync(QueueHarness.Owner, Labels, "k", null, Token))?.Value.Text);
        }
    }

    [Fact]
    public async Task A_deletion_of_nothing_is_not_a_lost_run()
    {
        var (store, run) = await StartAsync();
        using (run)
        {
            await store.DeleteAsync(["nothing"], "k", Token);
            Assert.Equal(StopCause.None, run.Cause);
        }
    }

    [Fact]
    public async Task A_write_waits_for_whoever_is_raising_the_fence_and_then_writes_nothing()
    {
        var (store, run) = await StartAsync();
        using (run)
        {
            await using var reaping = await HeldTransaction.LockWorkAsync(Queue, run.Claim.RunId);
            await reaping.ExecuteAsync("update run_work set fence = fence + 1 where run_id = $1", run.Claim.RunId);
            var late = store.PutAsync(Put("""{"by":"a ghost"}""", "late"), Token);
            await reaping.UntilBlocksAsync(1);
            await reaping.CommitAsync();

            await Assert.ThrowsAsync<OperationCanceledException>(() => late);
            Assert.Null(await Service.GetAsync(QueueHarness.Owner, Labels, "late", null, Token));
        }
    }

    private async Task<(AgentStore Store, RunningRun Run)> StartAsync()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var run = new RunningRun(attempt.Claim, TimeSpan.FromSeconds(5), TimeProvider.System);
        return (new AgentStore(Service, run), run);
    }

    private static StorePutRequest Put(string value, string key = "k") => new() { Namespace = Labels, Key = key, Value = JsonText.Parse(value) };

    /// <summary>Uses all of its store and writes down what it saw.</summary>
    private sealed class RememberingAgent : IAgent
    {
        public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var store = context.Store;
            var seen = await store.SearchAsync(new StoreSearchRequest { NamespacePrefix = Labels }, cancellationToken);
            var lists = await store.ListNamespacesAsync(new StoreListNamespacesRequest(), cancellationToken);
            await store.DeleteAsync(Labels, "k", cancellationToken);
            var value = new
            {
                seen = seen.Select(item => JsonText.Parse(item.Value.Text).GetProperty("n").GetInt32()),
                @in = lists.Select(labels => string.Join('.', labels)),
                gone = await store.GetAsync(Labels, "k", cancellationToken) is null,
            };
            await store.PutAsync(
                new StorePutRequest { Namespace = ["memories", "seen"], Key = "k", Value = JsonSerializer.SerializeToElement(value) }, cancellationToken);
            yield return new AgentEvent.StateUpdate("remember", JsonText.Parse("""{"done":true}"""));
        }
    }
}
