using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Echo;

namespace AgentProtocol.Agents.Tests.Configuration;

/// <summary>How a running server notices that the agents file has changed.</summary>
public sealed class AgentSourceTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("agents-").FullName;

    private string Default => Path.Combine(directory, "agents.json");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_change_counts_once_it_stands_still_and_only_once()
    {
        File.WriteAllText(Default, Agents("a"));
        var source = Source();
        var before = source.Load();
        Assert.False(source.HasChanged());
        Assert.False(source.HasChanged());

        File.WriteAllText(Default, Agents("a")[..20]);
        Assert.False(source.HasChanged());
        File.WriteAllText(Default, Agents("a", "b"));
        Assert.False(source.HasChanged());
        Assert.True(source.HasChanged());
        Assert.Equal(["echo", "a", "b"], source.Load(before).Select(agent => agent.Id));
        Assert.False(source.HasChanged());
    }

    [Fact]
    public void Saving_the_same_again_is_no_change()
    {
        File.WriteAllText(Default, Agents("a"));
        var source = Source();
        source.Load();

        File.WriteAllText(Default, Agents("a"));
        File.SetLastWriteTimeUtc(Default, DateTime.UnixEpoch);

        Assert.False(Settles(source));
    }

    [Fact]
    public void A_file_that_is_put_in_the_place_of_the_old_is_noticed()
    {
        File.WriteAllText(Default, Agents("a"));
        var source = Source();
        source.Load();

        File.WriteAllText(Default + ".new", Agents("b"));
        File.Move(Default + ".new", Default, overwrite: true);

        Assert.True(Settles(source));
        Assert.Equal(["echo", "b"], source.Load().Select(agent => agent.Id));
    }

    [Fact]
    public void A_link_that_is_turned_to_another_folder_is_noticed()
    {
        // As Kubernetes mounts a config map.
        foreach (var id in new[] { "a", "b" })
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, id)).FullName, "agents.json"), Agents(id));
        }

        var data = Path.Combine(directory, "data");
        Directory.CreateSymbolicLink(data, "a");
        File.CreateSymbolicLink(Default, Path.Combine("data", "agents.json"));
        var source = Source();
        Assert.Equal(["echo", "a"], source.Load().Select(agent => agent.Id));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "b");

        Assert.True(Settles(source));
        Assert.Equal(["echo", "b"], source.Load().Select(agent => agent.Id));
    }

    [Fact]
    public void An_agent_whose_description_is_the_same_stays_the_same_object()
    {
        File.WriteAllText(Default, Agents("a", "b"));
        var source = Source();
        var before = source.Load();

        File.WriteAllText(Default, Agents("b", "a", "c").Replace("\"name\":\"b\"", "\"name\":\"B\"", StringComparison.Ordinal).Replace(",", " , // now\n", StringComparison.Ordinal));
        var after = source.Load(before);

        Assert.Equal(["echo", "b", "a", "c"], after.Select(agent => agent.Id));
        Assert.Same(before[0], after[0]);
        Assert.NotSame(before[2], after[1]);
        Assert.Same(before[1], after[2]);
    }

    [Fact]
    public void A_mistake_is_complained_of_once_and_its_mending_is_noticed()
    {
        File.WriteAllText(Default, Agents("a"));
        var source = Source();
        source.Load();

        File.WriteAllText(Default, "{");
        Assert.True(Settles(source));
        Assert.Throws<AgentConfigurationException>(() => source.Load());
        Assert.False(Settles(source));

        File.WriteAllText(Default, Agents("a"));
        Assert.True(Settles(source));
        Assert.Equal(["echo", "a"], source.Load().Select(agent => agent.Id));
    }

    [Fact]
    public void A_default_file_may_come_later_but_one_that_is_gone_is_a_mistake()
    {
        var source = Source();
        Assert.Equal(["echo"], source.Load().Select(agent => agent.Id));
        Assert.False(Settles(source));

        File.WriteAllText(Default, Agents("a"));
        Assert.True(Settles(source));
        Assert.Equal(["echo", "a"], source.Load().Select(agent => agent.Id));

        File.Delete(Default);
        Assert.True(Settles(source));
        Assert.Contains($"{Default} is gone", Assert.Throws<AgentConfigurationException>(() => source.Load()).Message, StringComparison.Ordinal);
        Assert.False(Settles(source));

        File.WriteAllText(Default, """{ "agents": [] }""");
        Assert.True(Settles(source));
        Assert.Equal(["echo"], source.Load().Select(agent => agent.Id));
    }

    [Fact]
    public void A_configured_file_that_is_gone_is_a_mistake()
    {
        var named = Path.Combine(directory, "mine.json");
        File.WriteAllText(named, Agents("a"));
        var source = Source(new AgentsOptions { File = named });
        source.Load();

        File.Delete(named);

        Assert.True(Settles(source));
        Assert.Contains("Agents:File", Assert.Throws<AgentConfigurationException>(() => source.Load()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b")]
    [InlineData("echo")]
    [InlineData("code")]
    public void An_agent_may_have_any_other_as_a_tool(string other)
    {
        File.WriteAllText(Default, Asking(other));

        Assert.Equal(["echo", "a", "b"], Source().Load(added: [OfTheHost]).Select(agent => agent.Id));
    }

    [Fact]
    public void An_agent_that_is_a_tool_and_not_there_is_a_mistake_with_its_place()
    {
        File.WriteAllText(Default, Asking("typo"));

        var refusal = Assert.Throws<AgentConfigurationException>(() => Source().Load(added: [OfTheHost]));

        Assert.Equal(
            $"{Default}, line 3, $.agents[0].tools[0].agent: there is no agent \"typo\": use one of echo, a, b, code, or add it.", refusal.Message);
    }

    [Fact]
    public void An_agent_that_goes_while_another_has_it_as_a_tool_is_a_mistake()
    {
        File.WriteAllText(Default, Asking("b"));
        var source = Source();
        var before = source.Load(added: []);

        File.WriteAllText(Default, Asking("b").Replace("\"id\":\"b\"", "\"id\":\"c\"", StringComparison.Ordinal));

        Assert.Contains("there is no agent \"b\"", Assert.Throws<AgentConfigurationException>(() => source.Load(before, [])).Message, StringComparison.Ordinal);
    }

    private static AgentDefinition OfTheHost => EchoAgent.Definition(TimeProvider.System) with { Id = "code" };

    /// <summary>The agents a and b, of which a has another as a tool.</summary>
    private static string Asking(string other) => Agents("a", "b").Replace(
        "\"name\":\"a\",", $"\n\"name\":\"a\",\n\"tools\":[{{\"agent\":\"{other}\"}}],", StringComparison.Ordinal);

    /// <summary>Two looks: a file that has just changed is not trusted.</summary>
    private static bool Settles(AgentSource source) => source.HasChanged() || source.HasChanged();

    private static string Agents(params string[] ids)
    {
        var agents = ids.Select(id => $$"""{"id":"{{id}}","kind":"llm","name":"{{id}}","model":{"provider":"openai","baseUrl":"http://localhost:1/v1","name":"m"} }""");
        return $$"""{"agents":[{{string.Join(',', agents)}}]}""";
    }

    private AgentSource Source(AgentsOptions? options = null) => new(options ?? new AgentsOptions(), directory, directory, _ => null);
}
