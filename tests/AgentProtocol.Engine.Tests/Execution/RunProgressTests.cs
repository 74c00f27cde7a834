using AgentProtocol.Agents;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>What runs show of their progress.</summary>
public sealed class RunProgressTests
{
    [Fact]
    public void The_latest_report_counts_as_a_whole_and_artifacts_stay()
    {
        var progress = new RunProgress();
        progress.Add(new AgentEvent.Progress(10, "reading", "Two of twenty"));
        progress.Add(Artifact("plan", """{"steps":[1,2]}"""));
        progress.Add(new AgentEvent.Progress(12.5, Note: "\"quoted\""));
        Assert.Equal("""{"percent":12.5,"note":"\"quoted\"","artifacts":[{"name":"plan","content":{"steps":[1,2]}}]}""", progress.ToJson());
    }

    [Fact]
    public void An_artifact_of_the_same_name_replaces_the_earlier_one_where_it_stands()
    {
        var progress = new RunProgress();
        progress.Add(Artifact("a", "1"));
        progress.Add(Artifact("b", "2"));
        progress.Add(Artifact("a", "\"one\""));
        Assert.Equal("""{"artifacts":[{"name":"a","content":"one"},{"name":"b","content":2}]}""", progress.ToJson());
    }

    [Fact]
    public void A_later_attempt_goes_on_with_what_earlier_ones_said()
    {
        var progress = RunProgress.Parse("""{"percent":50,"phase":"p","artifacts":[{"name":"a","content":1.0}]}""");
        Assert.Equal("""{"percent":50,"phase":"p","artifacts":[{"name":"a","content":1.0}]}""", progress.ToJson());
        progress.Add(Artifact("b", "2"));
        progress.Add(new AgentEvent.Progress(60));
        Assert.Equal("""{"percent":60,"artifacts":[{"name":"a","content":1.0},{"name":"b","content":2}]}""", progress.ToJson());
    }

    [Fact]
    public void Artifacts_that_are_too_large_together_are_the_agent_s_error_and_change_nothing()
    {
        var progress = new RunProgress();
        var large = $"\"{new string('x', 200 * 1024)}\"";
        progress.Add(Artifact("a", large));
        progress.Add(Artifact("a", large));
        var before = progress.ToJson();

        Assert.Contains("\"b\"", Assert.Throws<AgentException>(() => progress.Add(Artifact("b", large))).Message, StringComparison.Ordinal);
        Assert.Equal(before, progress.ToJson());
    }

    private static AgentEvent.Artifact Artifact(string name, string json) => new(name, JsonText.Parse(json));
}
