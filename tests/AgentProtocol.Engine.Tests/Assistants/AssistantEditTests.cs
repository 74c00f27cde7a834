using AgentProtocol.Agents;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Assistants;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Assistants;

/// <summary>Versions and lists where rows and the assistants of the server meet (wire-contract 8.1, 8.2).</summary>
public sealed class AssistantEditTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private EngineHost host = null!;

    private AssistantService Assistants => host.Get<AssistantService>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("alpha")]
    [InlineData(null)]
    public async Task Edits_at_the_same_time_get_versions_of_their_own(string? systemId)
    {
        var owner = $"{nameof(Edits_at_the_same_time_get_versions_of_their_own)} {systemId}";
        var id = systemId ?? (await host.CreateAssistantAsync("""{"graph_id":"alpha"}""", owner)).AssistantId.ToString();

        var edits = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => host.PatchAssistantAsync(id, $$$$"""{"metadata":{"k{{{{n}}}}":{{{{n}}}}}}""", owner)));

        Assert.Equal(Enumerable.Range(2, 12), edits.Select(edit => edit.Version).Order());
        var versions = await Assistants.ListVersionsAsync(owner, id, new AssistantVersionsRequest { Limit = 100 }, Token);
        Assert.Equal(Enumerable.Range(1, 13).Reverse(), versions.Select(version => version.Version));
        Assert.All(Enumerable.Range(0, 12), n => Assert.Contains($"\"k{n}\":{n}", versions[0].Metadata.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pages_over_rows_and_the_servers_assistants_show_each_once_in_one_order()
    {
        const string owner = nameof(Pages_over_rows_and_the_servers_assistants_show_each_once_in_one_order);
        foreach (var name in new[] { "b", "a", "b", "c" })
        {
            await host.CreateAssistantAsync($$"""{"graph_id":"beta","name":"{{name}}"}""", owner);
        }

        await host.PatchAssistantAsync("beta", """{"name":"Edited"}""", owner);
        foreach (var sortBy in new[] { null, "created_at", "updated_at", "name", "graph_id", "assistant_id" })
        {
            foreach (var order in new[] { "asc", "desc" })
            {
                List<Guid> paged = [];
                for (var offset = 0; offset < 7; offset += 2)
                {
                    var page = await Assistants.SearchAsync(
                        owner, new AssistantSearchRequest { SortBy = sortBy, SortOrder = order, Limit = 2, Offset = offset }, Token);
                    Assert.Equal(7, page.Total);
                    paged.AddRange(page.Items.Select(item => item.AssistantId));
                }

                var whole = await Assistants.SearchAsync(owner, new AssistantSearchRequest { SortBy = sortBy, SortOrder = order, Limit = 1000 }, Token);
                Assert.Equal(whole.Items.Select(item => item.AssistantId), paged);
                Assert.Equal(7, paged.Distinct().Count());
            }
        }
    }

    [Fact]
    public async Task The_servers_assistants_come_last_when_the_newest_come_first_and_in_their_own_order()
    {
        const string owner = nameof(The_servers_assistants_come_last_when_the_newest_come_first_and_in_their_own_order);
        Assert.Equal("alpha beta gamma", await NamesAsync(owner));
        await host.CreateAssistantAsync("""{"graph_id":"beta","name":"first"}""", owner);
        await host.CreateAssistantAsync("""{"graph_id":"beta","name":"second"}""", owner);
        Assert.Equal("second first alpha beta gamma", await NamesAsync(owner));
    }

    [Fact]
    public async Task An_edited_assistant_of_the_server_stands_in_for_it_once_and_for_one_owner()
    {
        const string owner = nameof(An_edited_assistant_of_the_server_stands_in_for_it_once_and_for_one_owner);
        var edited = await host.PatchAssistantAsync("gamma", """{"name":"Mine","metadata":{"x":1}}""", owner);

        Assert.Equal((AssistantIds.For("gamma"), 2, DateTime.UnixEpoch), (edited.AssistantId, edited.Version, edited.CreatedAt));
        Assert.Equal("""{"created_by":"system","kind":"custom","x":1}""", edited.Metadata.Text);
        Assert.Equal("Mine alpha beta", await NamesAsync(owner));
        Assert.Equal(3, await Assistants.CountAsync(owner, new AssistantSearchRequest(), Token));
        Assert.Equal("alpha beta gamma", await NamesAsync("another owner"));
        Assert.Equal(1, (await Assistants.GetAsync("another owner", "gamma", Token)).Version);
        Assert.Equal("gamma", (await Assistants.SetLatestAsync(owner, "gamma", 1, Token)).Name);
    }

    [Fact]
    public async Task What_has_gone_from_the_agents_file_is_gone_unless_its_owner_has_edited_it()
    {
        const string owner = nameof(What_has_gone_from_the_agents_file_is_gone_unless_its_owner_has_edited_it);
        await host.PatchAssistantAsync("alpha", """{"name":"Kept"}""", owner);
        await using var later = await EngineHost.StartAsync(postgres.ConnectionString, [SettingsAgent.Definition("gamma")]);
        var assistants = later.Get<AssistantService>();

        var found = await assistants.SearchAsync(owner, new AssistantSearchRequest(), Token);
        Assert.Equal("Kept gamma", string.Join(' ', found.Items.Select(item => item.Name)));
        var id = AssistantIds.For("alpha").ToString();
        Assert.Equal("Kept", (await assistants.GetAsync(owner, id, Token)).Name);
        await assistants.DeleteAsync(owner, id, deleteThreads: false, Token);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<ProtocolException>(() => assistants.GetAsync(owner, id, Token))).Code);
    }

    [Fact]
    public async Task Two_owners_may_use_the_same_id_and_neither_sees_the_other()
    {
        var id = Guid.NewGuid();
        await host.CreateAssistantAsync($$"""{"graph_id":"alpha","assistant_id":"{{id}}","name":"Ann's"}""", "ann");
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<ProtocolException>(() => Assistants.GetAsync("bob", id.ToString(), Token))).Code);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<ProtocolException>(
            () => Assistants.DeleteAsync("bob", id.ToString(), deleteThreads: true, Token))).Code);
        var thread = await host.CreateThreadAsync("{}", "bob");
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => host.StartAsync(thread, $$"""{"assistant_id":"{{id}}"}""", "bob"));
        Assert.Equal($"No assistant found for \"{id}\"", refusal.Message);

        await host.CreateAssistantAsync($$"""{"graph_id":"beta","assistant_id":"{{id}}","name":"Bob's"}""", "bob");
        await Assistants.DeleteAsync("bob", id.ToString(), deleteThreads: true, Token);
        Assert.Equal("Ann's", (await Assistants.GetAsync("ann", id.ToString(), Token)).Name);
    }

    [Fact]
    public async Task Deleting_the_threads_of_an_assistant_takes_all_of_the_owners_and_nothing_else()
    {
        var assistant = (await host.CreateAssistantAsync("""{"graph_id":"alpha"}""")).AssistantId;
        var named = $$$"""{"metadata":{"assistant_id":"{{{assistant}}}"}}""";
        var busy = await host.CreateThreadAsync("{}");
        await host.StartAsync(busy, $$"""{"assistant_id":"{{assistant}}","after_seconds":3600}""");
        await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => host.CreateThreadAsync(named)));
        var others = new[] { (await host.CreateThreadAsync(named, "bob"), "bob"), (await host.CreateThreadAsync("{}"), EngineHost.Owner) };

        await Assistants.DeleteAsync(EngineHost.Owner, assistant.ToString(), deleteThreads: true, Token);

        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        Assert.Equal(
            "0|0|0",
            (await source.LinesAsync(
                """
                select (select count(*) from threads where owner = 'local' and (thread_id = $1 or filter->>'assistant_id' = $2)),
                       (select count(*) from runs where thread_id = $1), (select count(*) from run_work where thread_id = $1)
                """,
                busy, assistant.ToString()))[0]);
        foreach (var (thread, owner) in others)
        {
            await host.Threads.GetAsync(owner, thread, includeTtl: false, Token);
        }
    }

    public async ValueTask InitializeAsync() => host = await EngineHost.StartAsync(
        postgres.ConnectionString, [SettingsAgent.Definition("alpha"), SettingsAgent.Definition("beta"), SettingsAgent.Definition("gamma")]);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<string> NamesAsync(string owner) => string.Join(
        ' ', (await Assistants.SearchAsync(owner, new AssistantSearchRequest { Limit = 1000 }, Token)).Items.Select(item => item.Name));
}
