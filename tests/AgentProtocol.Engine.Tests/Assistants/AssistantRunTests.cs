using AgentProtocol.Agents;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Assistants;

/// <summary>What a run takes from its assistant and its thread (wire-contract 1.6, 5.10, 8).</summary>
public sealed class AssistantRunTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private static readonly string[] ServerKeys = ["run_id", "thread_id", "graph_id", "assistant_id", "user_id"];

    private EngineHost host = null!;
    private EngineHost other = null!;

    [Fact]
    public async Task Settings_of_a_request_lie_over_those_of_the_thread_and_these_over_those_of_the_assistant()
    {
        var assistant = await host.CreateAssistantAsync(
            """{"graph_id":"settings","config":{"tags":["a"],"recursion_limit":7,"configurable":{"model":"a","depth":1.0,"only":"a"}},"context":{"who":"a","big":12345678901234567890}}""");
        var thread = await host.CreateThreadAsync("{}");
        await host.RunAsync(thread, """{"assistant_id":"settings","config":{"tags":["t"],"configurable":{"model":"t","depth":2.50}}}""");

        var (run, values) = await host.RunAsync(
            thread, $$$"""{"assistant_id":"{{{assistant.AssistantId}}}","config":{"tags":["r"],"configurable":{"model":"r"}},"context":{"who":"r"}}""");

        Assert.Equal("""{"only":"a","depth":2.50,"model":"r"}""", values.Configurable());
        Assert.Equal("""["r"]""", values.GetProperty("config").GetProperty("tags").GetRawText());
        Assert.Equal(7, values.GetProperty("config").GetProperty("recursion_limit").GetInt32());
        Assert.Equal("""{"big":12345678901234567890,"who":"r"}""", values.GetProperty("context").GetRawText());
        Assert.Equal("""{"recursion_limit":7,"tags":["r"],"configurable":{"only":"a","depth":2.50,"model":"r"}}""", run.Config.Text);
        Assert.Contains("\"context\":{\"big\":12345678901234567890,\"who\":\"r\"}", run.Kwargs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_tells_the_agent_which_run_it_executes_and_wins()
    {
        var thread = await host.CreateThreadAsync("{}");
        var (run, values) = await host.RunAsync(
            thread, """{"assistant_id":"settings","config":{"configurable":{"run_id":"mine","thread_id":"mine","user_id":"ann"}}}""");

        var configurable = values.GetProperty("config").GetProperty("configurable");
        Assert.Equal(
            $"{run.RunId} {thread} settings {AssistantIds.For("settings")} ann",
            string.Join(' ', ServerKeys.Select(name => configurable.GetProperty(name).GetString())));
        Assert.Equal("local", (await host.RunAsync(await host.CreateThreadAsync("{}"), """{"assistant_id":"settings"}""")).Values
            .GetProperty("config").GetProperty("configurable").GetProperty("user_id").GetString());
    }

    [Fact]
    public async Task A_thread_does_not_hand_on_what_belonged_to_one_run()
    {
        var thread = await host.CreateThreadAsync("{}");
        await host.RunAsync(
            thread, """{"assistant_id":"settings","config":{"tags":["t"],"configurable":{"checkpoint_id":"x","__secret":1,"user_id":"ann","kept":null}}}""");

        var (run, values) = await host.RunAsync(thread, """{"assistant_id":"settings"}""");

        Assert.Equal("""{"kept":null}""", values.Configurable());
        Assert.Equal("local", values.GetProperty("config").GetProperty("configurable").GetProperty("user_id").GetString());
        Assert.Equal("""{"configurable":{"kept":null}}""", run.Config.Text);
    }

    [Fact]
    public async Task Without_a_context_the_agent_sees_what_is_configurable()
    {
        var assistant = await host.CreateAssistantAsync("""{"graph_id":"settings","config":{"configurable":{"model":"a"}}}""");
        var (_, values) = await host.RunAsync(await host.CreateThreadAsync("{}"), $$"""{"assistant_id":"{{assistant.AssistantId}}"}""");
        Assert.Equal("""{"model":"a"}""", values.GetProperty("context").GetRawText());

        (_, values) = await host.RunAsync(await host.CreateThreadAsync("{}"), """{"assistant_id":"settings"}""");
        Assert.Equal("null", values.GetProperty("context").GetRawText());
    }

    [Theory]
    [InlineData("{}", "{}", "{}", "{}")]
    [InlineData("{}", "{}", """{"b":1.0,"a":null}""", """{"b":1.0,"a":null}""")]
    [InlineData("{}", """{"b":1.0,"a":[ 1 ]}""", "{}", """{"b":1.0,"a":[ 1 ]}""")]
    [InlineData("""{"z":1e2}""", "{}", "{}", """{"z":1e2}""")]
    [InlineData("""{"who":"a","a":1.0}""", """{"who":"t","t":{"x": 2.50}}""", """{"who":"r","r":"\u00e4\"ö"}""", """{"a":1.0,"t":{"x": 2.50},"who":"r","r":"\u00e4\"ö"}""")]
    [InlineData("""{"who":"a"}""", """{"who":"t"}""", """{"r":12345678901234567890}""", """{"who":"t","r":12345678901234567890}""")]
    [InlineData("{}", """{"ä \"\\\n":1}""", """{"r":2}""", """{"ä \"\\\n":1,"r":2}""")]
    public async Task Metadata_of_a_run_lies_over_that_of_its_thread_and_its_assistant_with_its_text(
        string ofAssistant, string ofThread, string ofRequest, string expected)
    {
        var assistant = await host.CreateAssistantAsync($$"""{"graph_id":"settings","metadata":{{ofAssistant}} }""");
        var thread = await host.CreateThreadAsync($$"""{"metadata":{{ofThread}} }""");
        var body = $$"""{"assistant_id":"{{assistant.AssistantId}}","metadata":{{ofRequest}} }""";

        // The first takes a free thread, the second waits behind it.
        var created = await host.StartAsync(thread, $$"""{"assistant_id":"{{assistant.AssistantId}}","after_seconds":3600,"metadata":{{ofRequest}} }""");
        var waiting = await host.StartAsync(thread, body);

        Assert.Equal(expected, created.Metadata.Text);
        Assert.Equal(expected, waiting.Metadata.Text);
        Assert.Equal(expected, (await host.Runs.GetAsync(EngineHost.Owner, thread, waiting.RunId, TestContext.Current.CancellationToken)).Metadata.Text);
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        Assert.Equal(
            "true|true",
            (await source.LinesAsync(
                "select bool_and(coalesce(filter, '{}') = metadata::jsonb)::text, bool_and((filter is null) = (metadata = '{}'))::text from runs where thread_id = $1",
                thread))[0]);
    }

    [Fact]
    public async Task The_servers_own_marks_are_not_handed_on_to_runs()
    {
        var owner = nameof(The_servers_own_marks_are_not_handed_on_to_runs);
        await host.PatchAssistantAsync("settings", """{"metadata":{"team":"red"}}""", owner);
        var (run, _) = await host.RunAsync(await host.CreateThreadAsync("{}", owner), """{"assistant_id":"settings"}""", owner);
        Assert.Equal("""{"team":"red"}""", run.Metadata.Text);
    }

    [Fact]
    public async Task An_edit_of_one_of_the_servers_assistants_counts_at_once_on_every_node_and_for_one_owner_alone()
    {
        var owner = nameof(An_edit_of_one_of_the_servers_assistants_counts_at_once_on_every_node_and_for_one_owner_alone);
        await other.RunAsync(await host.CreateThreadAsync("{}", owner), """{"assistant_id":"settings"}""", owner);

        for (var edit = 1; edit <= 2; edit++)
        {
            await host.PatchAssistantAsync("settings", $$$$"""{"config":{"configurable":{"edit":{{{{edit}}}}}}}""", owner);
            foreach (var node in new[] { other, host })
            {
                var (run, values) = await node.RunAsync(await host.CreateThreadAsync("{}", owner), """{"assistant_id":"settings"}""", owner);
                Assert.Equal($$"""{"edit":{{edit}}}""", values.Configurable());
                Assert.Equal((AssistantIds.For("settings"), "settings"), (run.AssistantId, run.AgentId));
            }
        }

        var (_, others) = await other.RunAsync(await host.CreateThreadAsync("{}"), """{"assistant_id":"settings"}""");
        Assert.Equal("{}", others.Configurable());
    }

    [Fact]
    public async Task An_edit_also_counts_for_a_run_that_finds_its_thread_busy()
    {
        var owner = nameof(An_edit_also_counts_for_a_run_that_finds_its_thread_busy);
        var thread = await host.CreateThreadAsync("{}", owner);
        await host.StartAsync(thread, """{"assistant_id":"settings","after_seconds":3600}""", owner);
        await other.PatchAssistantAsync("settings", """{"config":{"configurable":{"edit":1}}}""", owner);

        Assert.Equal("""{"configurable":{"edit":1}}""", (await host.StartAsync(thread, """{"assistant_id":"settings"}""", owner)).Config.Text);
    }

    [Fact]
    public async Task An_assistant_whose_agent_is_not_registered_runs_nothing()
    {
        var assistant = await host.CreateAssistantAsync("""{"graph_id":"only_on_first"}""");
        var thread = await host.CreateThreadAsync("{}");
        await host.RunAsync(thread, $$"""{"assistant_id":"{{assistant.AssistantId}}"}""");

        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => other.StartAsync(thread, $$"""{"assistant_id":"{{assistant.AssistantId}}"}"""));
        Assert.Equal(ErrorCode.NotFound, refusal.Code);
        Assert.StartsWith($"No assistant found for \"{assistant.AssistantId}\"", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_keeps_the_settings_it_was_created_with()
    {
        var assistant = await host.CreateAssistantAsync("""{"graph_id":"settings","config":{"configurable":{"edit":1}}}""");
        var thread = await host.CreateThreadAsync("{}");
        var waiting = await host.StartAsync(thread, $$"""{"assistant_id":"{{assistant.AssistantId}}","after_seconds":3600}""");
        await host.PatchAssistantAsync(assistant.AssistantId.ToString(), """{"config":{"configurable":{"edit":2}}}""");

        var read = await host.Runs.GetAsync(EngineHost.Owner, thread, waiting.RunId, TestContext.Current.CancellationToken);
        Assert.Equal("""{"configurable":{"edit":1}}""", read.Config.Text);
        Assert.Equal(assistant.AssistantId.ToString(), read.AgentId);
    }

    /// <summary>Two nodes, the second without one of the agents, as while an agents file is rolled out.</summary>
    public async ValueTask InitializeAsync()
    {
        host = await EngineHost.StartAsync(postgres.ConnectionString, [SettingsAgent.Definition(), SettingsAgent.Definition("only_on_first")]);
        other = await EngineHost.StartAsync(postgres.ConnectionString, [SettingsAgent.Definition()]);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await other.DisposeAsync();
    }
}
